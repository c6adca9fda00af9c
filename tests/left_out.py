"""Leave tests out that need more than a checkout has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def leave_out(config: pytest.Config, items: list[pytest.Item], *markers: str) -> int:
    """Deselect the tests that carry one of `markers`; return how many they are."""
    left_out = [i for i in items if any(map(i.get_closest_marker, markers))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    return len(left_out)
