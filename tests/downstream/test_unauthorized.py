"""The 401 rule: when a newer token is sent, and when not (RFC 6750, RFC 9470)."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import downstream_session
from kc_exchange.context import using_subject_token
from kc_exchange.exceptions import InsufficientScope, StepUpRequired
from kc_exchange.testing import DownstreamRecorder
from kc_exchange.testing.messages import Response
from tests.downstream.tools import CountingSource, session_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.testing import EmbeddedKeycloak
    from kc_exchange.testing.messages import Request

INVALID = 'Bearer realm="shop", error="invalid_token"'


def refuse(orders: DownstreamRecorder, said: str, *, status: int = 401) -> None:
    headers = {"WWW-Authenticate": said} if said else {}
    orders.answer_next(status, headers=headers)


@pytest.mark.parametrize(
    ("status", "said", "tokens"),
    [
        (401, INVALID, 2),
        (401, 'bearer error=invalid_token, error_description="x, y"', 2),
        (401, 'DPoP error="invalid_token"', 2),
        (401, 'Basic realm="x", Bearer error="invalid_token"', 2),
        (401, "", 1),
        (401, "Bearer", 1),
        (401, 'Bearer error="invalid_request"', 1),
        (401, 'Basic error="invalid_token"', 1),
        (401, 'Bearer error_description="error=\\"invalid_token\\""', 1),
        (403, INVALID, 1),
        (400, INVALID, 1),
        (500, INVALID, 1),
    ],
)
@pytest.mark.fault(35)
def test_token__is_renewed_once(
    orders: DownstreamRecorder, status: int, said: str, tokens: int
) -> None:
    """Only a 401 that says `invalid_token` is about the token."""
    refuse(orders, said, status=status)

    with session_at(orders.url) as session:
        session.get("x")

    assert orders.tokens == ["token-1", "token-2"][:tokens]


@pytest.mark.parametrize(
    ("said", "tokens"),
    [("", 2), ("Bearer", 2), ("Basic", 2), ('Bearer error="invalid_request"', 1)],
)
def test_bare_401__is_accepted_where_configured(
    orders: DownstreamRecorder, said: str, tokens: int
) -> None:
    """ACCEPT_BARE_401 is for services that say nothing."""
    refuse(orders, said)

    with session_at(orders.url, accept_bare_401=True) as session:
        session.get("x")

    assert orders.tokens == ["token-1", "token-2"][:tokens]


@pytest.mark.fault(35)
def test_token__is_not_renewed_twice(orders: DownstreamRecorder) -> None:
    """The second 401 is the caller's."""
    refuse(orders, INVALID)
    refuse(orders, INVALID)

    with session_at(orders.url) as session:
        assert session.get("x").status_code == 401

    assert orders.tokens == ["token-1", "token-2"]


BODIES: dict[str, tuple[Callable[[], Any], list[bytes]]] = {
    "bytes": (lambda: b"abc", [b"abc", b"abc"]),
    "text": (lambda: "abc", [b"abc", b"abc"]),
    "form": (lambda: {"a": "b"}, [b"a=b", b"a=b"]),
    "file": (lambda: io.BytesIO(b"abc"), [b"abc", b"abc"]),
    "13-generator": (lambda: iter([b"abc"]), [b"abc"]),
}


@pytest.mark.parametrize(("body", "sent"), BODIES.values(), ids=BODIES)
@pytest.mark.fault(35)
def test_body__is_sent_again_if_it_can_be(
    orders: DownstreamRecorder, body: Callable[[], Any], sent: list[bytes]
) -> None:
    """Pitfall 13: a stream that was consumed is not sent half, nor empty."""
    refuse(orders, INVALID)

    with session_at(orders.url) as session:
        response = session.post("x", data=body())

    assert [request.body for request in orders.requests] == sent
    assert response.status_code == (200 if len(sent) == 2 else 401)


def test_body__that_began_midway(orders: DownstreamRecorder) -> None:
    """A file is wound back to where it was, not to its beginning."""
    refuse(orders, INVALID)
    body = io.BytesIO(b"skipped|abc")
    body.seek(8)

    with session_at(orders.url) as session:
        session.post("x", data=body)

    assert [request.body for request in orders.requests] == [b"abc", b"abc"]


def test_failed_token__is_dropped_although_the_body_is_gone(
    orders: DownstreamRecorder,
) -> None:
    """The next call gets a newer token."""
    refuse(orders, INVALID)

    with session_at(orders.url) as session:
        session.post("x", data=iter([b"a"]))
        session.get("y")

    assert orders.tokens == ["token-1", "token-2"]


def test_insufficient_scope__is_told(orders: DownstreamRecorder) -> None:
    """RFC 6750 section 3.1: more scope is the developer's business, not a retry."""
    refuse(
        orders,
        'Bearer error="insufficient_scope", scope="orders:write admin"',
        status=403,
    )

    with session_at(orders.url) as session, pytest.raises(InsufficientScope) as caught:
        session.get("x")

    assert caught.value.scope == "orders:write admin"
    assert orders.tokens == ["token-1"]


def test_step_up__is_told(orders: DownstreamRecorder) -> None:
    """RFC 9470: the login that is asked for is named."""
    refuse(
        orders,
        'Bearer error="insufficient_user_authentication", '
        'acr_values="gold", max_age="5"',
    )

    with session_at(orders.url) as session, pytest.raises(StepUpRequired) as caught:
        session.get("x")

    assert (caught.value.acr_values, caught.value.max_age) == ("gold", "5")


def test_discard__names_the_token_that_failed(orders: DownstreamRecorder) -> None:
    """What is dropped is what was sent."""
    refuse(orders, INVALID)
    with session_at(orders.url) as session:
        session.get("x")
        source = session._source

    assert isinstance(source, CountingSource)
    assert source.discarded == ["token-1"]


class RefusesTheFirst(DownstreamRecorder):
    """A downstream for which the first token it saw is void ever after."""

    def _answer(self, request: Request) -> Response:
        answer = super()._answer(request)
        seen = self.tokens
        if len(seen) > 1 and request.headers["Authorization"] == f"Bearer {seen[0]}":
            return Response(status=401, headers=(("WWW-Authenticate", INVALID),))
        return answer


@pytest.mark.fault(35)
def test_fifty_threads__one_new_exchange(
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_subject_token: Callable[..., str],
) -> None:
    """Pitfall 14: fifty refusals of one token are one new exchange, not fifty."""
    with RefusesTheFirst() as orders:
        configure(embedded_keycloak, orders, REALM={"DEADLINE": 10})
        statuses = fifty_calls(kc_subject_token("alice"), embedded_keycloak)

    assert statuses == [200] * 50
    assert embedded_keycloak.requests("token") == 1
    assert len(set(orders.tokens)) == 2


def fifty_calls(subject: str, keycloak: EmbeddedKeycloak) -> list[int]:
    """Call once; then fifty times at once, counting Keycloak's requests anew."""
    with using_subject_token(subject), downstream_session("orders-api") as session:
        session.get("warm")
    keycloak.reset_counters()
    barrier = threading.Barrier(50)

    def call(number: int) -> int:
        with using_subject_token(subject), downstream_session("orders-api") as session:
            barrier.wait()
            return session.get(str(number)).status_code

    with ThreadPoolExecutor(50) as pool:
        return list(pool.map(call, range(50)))
