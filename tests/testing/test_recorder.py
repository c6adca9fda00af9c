"""The recording downstream."""

from __future__ import annotations

import pytest
import requests

from kc_exchange.testing import DownstreamRecorder


def test_recorder__keeps_what_it_was_sent() -> None:
    """Method, path, query, headers, body and token are there to see."""
    with DownstreamRecorder() as downstream:
        requests.post(
            f"{downstream.url}v1/orders?page=2",
            data=b"body",
            headers={"Authorization": "Bearer the-token", "X-Thing": "yes"},
            timeout=10,
        )
        (request,) = downstream.requests
    assert (request.method, request.path) == ("POST", "/v1/orders")
    assert request.query == {"page": ["2"]}
    assert request.headers["x-thing"] == "yes"
    assert request.body == b"body"
    assert downstream.tokens == ["the-token"]
    assert "the-token" not in repr(request)


def test_recorder__answers_as_told() -> None:
    """Ordered answers come first, then the standing one."""
    with DownstreamRecorder() as downstream:
        downstream.answer_next(401, headers={"WWW-Authenticate": "Bearer"})
        downstream.answer_next(body=["a"])
        first, second, third = (
            requests.get(downstream.url, timeout=10) for _ in range(3)
        )
    assert (first.status_code, first.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert second.json() == ["a"]
    assert third.json() == {"ok": True}


def test_recorder__says_who_was_sent_a_token() -> None:
    """The assertion names the request and never shows the header."""
    with DownstreamRecorder() as one, DownstreamRecorder() as other:
        requests.get(one.url, headers={"Authorization": "Bearer secret"}, timeout=10)
        requests.get(other.url, timeout=10)
        other.assert_no_token_seen()
        with pytest.raises(AssertionError, match="GET /") as caught:
            one.assert_no_token_seen()
        one.clear()
        one.assert_no_token_seen()
    assert "secret" not in str(caught.value)
