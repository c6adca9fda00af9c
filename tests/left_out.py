"""Leave tests out that need more than a checkout has, and count them."""

from __future__ import annotations

from typing import Any

import pytest

_COUNTS = pytest.StashKey[dict[str, int]]()
_SENT = "left_out"


def leave_out(
    config: pytest.Config, items: list[pytest.Item], name: str, *markers: str
) -> None:
    """Deselect the tests that carry one of `markers`; count them under `name`."""
    left_out = [i for i in items if any(map(i.get_closest_marker, markers))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    found = counts(config)
    found[name] = found.get(name, 0) + len(left_out)
    output: dict[str, Any] = getattr(config, "workeroutput", {})
    output[_SENT] = dict(found)


def counts(config: pytest.Config) -> dict[str, int]:
    """Return how many were left out of this run, by name."""
    return config.stash.setdefault(_COUNTS, {})


def take_counts(config: pytest.Config, node: Any) -> None:
    """Take over what a worker of xdist counted: each of them sees all tests."""
    counts(config).update(getattr(node, "workeroutput", {}).get(_SENT, {}))
