"""One limit for many deadlines."""

from __future__ import annotations

from math import inf

import pytest

from kc_exchange import transport


def test_within__shortens_deadlines_of_the_block() -> None:
    """Those before it and after it have their own time."""
    before = transport.Deadline(60)
    with transport.within(5):
        inside = transport.Deadline(60)
    after = transport.Deadline(60)

    assert inside.left() <= 5
    assert min(before.left(), after.left()) > 50


def test_within__lengthens_none() -> None:
    with transport.within(60):
        assert transport.Deadline(1).left() <= 1


def test_within__that_is_over() -> None:
    with (
        transport.within(0),
        pytest.raises(TimeoutError, match="the deadline has passed"),
    ):
        transport.Deadline(60).left()


def test_within__of_what_must_be_done() -> None:
    """A block inside may have more time: an end that was promised is made."""
    with transport.within(0), transport.within(inf):
        assert transport.Deadline(60).left() > 50
