"""A downstream whose challenge is made to keep its reader busy."""

from __future__ import annotations

import time

import pytest

from kc_exchange.downstream.challenge import Challenge

LONG = 65_000


@pytest.mark.parametrize(
    "header",
    [
        "Bearer " + "a" * LONG,
        "Bearer " + "a " * (LONG // 2),
        "Bearer a" + " " * LONG,
        "Bearer " + 'a="' * (LONG // 3),
        "Bearer a=" + "\\" * LONG,
        "," + " " * LONG,
    ],
    ids=["name", "names", "spaces", "quotes", "backslashes", "comma"],
)
def test_challenge__is_read_in_no_time(header: str) -> None:
    """A header as long as `http.client` takes it, read in time that grows with it."""
    started = time.perf_counter()

    assert not Challenge(401, header).rejects_token(bare=False)

    assert time.perf_counter() - started < 0.5
