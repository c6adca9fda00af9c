"""Whatever an error tells to whoever looks at it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and everything that led to it, shown or not."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in found:
            continue
        found.append(one)
        waiting += [one.__cause__, one.__context__]
    yield from found


def told(error: BaseException) -> str:
    """Return all text, attributes and local variables of the error and its causes."""
    texts: list[str] = []
    for one in chain(error):
        texts += [str(one), repr(one), repr(one.args), repr(vars(one))]
        texts += _locals(one)
    return "\n".join(texts)


def _locals(error: BaseException) -> Iterator[str]:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        # The test's own frames hold the secrets: it made them.
        if "/tests/" not in frame.f_code.co_filename:
            yield from (_shown(value) for value in frame.f_locals.values())


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a variable that has no repr yet
        return type(error).__name__


def assert_tells_nothing(error: BaseException, log: str, *secrets: str) -> None:
    """Check that neither the error nor the log holds a secret, or its signature."""
    for secret in secrets:
        for part in {secret, secret.rpartition(".")[2]}:
            assert part not in told(error)
            assert part not in log
