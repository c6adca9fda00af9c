"""What a person reads when the demo cannot go on."""

from __future__ import annotations


class DemoFailed(Exception):
    """Something did not hold; `cause` and `fix` are for a person."""

    def __init__(self, cause: str, fix: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.fix = fix
