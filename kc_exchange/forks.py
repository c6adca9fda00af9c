"""Start anew in a forked child: locks and sockets of the parent are of no use there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def in_child(reset: Callable[[], object]) -> None:
    """Call `reset` in each forked child; do nothing where nothing forks."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=reset)
