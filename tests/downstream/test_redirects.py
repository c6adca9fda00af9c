"""Pitfalls 3 and 4: what a redirect can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from kc_exchange.exceptions import WrongDownstream
from tests.downstream.tools import session_at

if TYPE_CHECKING:
    from kc_exchange.downstream import DownstreamSession
    from kc_exchange.testing import DownstreamRecorder


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect__to_another_host(
    session: DownstreamSession,
    orders: DownstreamRecorder,
    other: DownstreamRecorder,
    status: int,
) -> None:
    """Pitfall 3: nothing of the request reaches it, custom headers neither."""
    orders.answer_next(status, headers={"Location": f"{other.url}x"})

    with pytest.raises(WrongDownstream):
        session.post("x", data=b"body", headers={"X-Token": "custom", "DPoP": "proof"})

    assert other.requests == []


def test_redirect__out_of_the_prefix(orders: DownstreamRecorder) -> None:
    """Another path of the same host may be another service."""
    orders.answer_next(302, headers={"Location": "/admin/"})

    with session_at(f"{orders.url}api/") as session, pytest.raises(WrongDownstream):
        session.get("x")

    assert [request.path for request in orders.requests] == ["/api/x"]


def test_redirect__within_the_origin(
    session: DownstreamSession, orders: DownstreamRecorder
) -> None:
    """It is followed, signed anew, and brings no cookie along."""
    away = {"Location": "/there", "Set-Cookie": "a=b"}
    orders.answer_next(302, headers=away)

    assert session.get("here").status_code == 200

    assert [request.path for request in orders.requests] == ["/here", "/there"]
    assert orders.tokens == ["token-1", "token-1"]
    assert "cookie" not in orders.requests[1].headers


def test_redirect__in_a_circle(
    session: DownstreamSession, orders: DownstreamRecorder
) -> None:
    """Five are enough."""
    orders.answer_next(302, headers={"Location": "/again"}, times=50)

    with pytest.raises(requests.TooManyRedirects):
        session.get("x")

    assert len(orders.requests) == 6


def test_redirect__then_401_elsewhere(
    session: DownstreamSession, orders: DownstreamRecorder, other: DownstreamRecorder
) -> None:
    """Pitfall 4: no other host can ask for a fresh token by a 401."""
    other.answer_next(401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    orders.answer_next(302, headers={"Location": other.url})

    with pytest.raises(WrongDownstream):
        session.get("x")

    assert orders.tokens == ["token-1"]


def test_redirect__then_401_within_the_origin(
    session: DownstreamSession, orders: DownstreamRecorder
) -> None:
    """Pitfall 4: there a newer token is sent, once."""
    orders.answer_next(302, headers={"Location": "/there"})
    orders.answer_next(
        401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}, times=2
    )

    assert session.get("here").status_code == 401

    assert orders.tokens == ["token-1", "token-1", "token-2"]
