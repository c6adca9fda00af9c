"""The second attempt: when it is made, when it is not, and how long it waits."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from kc_exchange import conf, exchange
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    ExchangeUnavailable,
    SubjectTokenExpired,
)
from tests.servers import FaultServer, closes, grants, jwt_of, replies, resets, sends

if TYPE_CHECKING:
    from tests.servers import Act
    from tests.servers.site import Site

HALF = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b'Content-Length: 90\r\n\r\n{"access_token": "eyJ'
)
CHUNK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"access_\r\nzz\r\n'
)


def busy(status: int, retry_after: str | None = None) -> Act:
    headers = () if retry_after is None else (f"Retry-After: {retry_after}",)
    return replies("", status, *headers)


@pytest.fixture
def slow_site(site: Site) -> Site:
    """Give a site with the time for a second attempt."""
    site.deadline = 1.0
    return site


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(closes, id="8-closed-before"),
        pytest.param(resets, id="8-reset-before"),
        pytest.param(sends(HALF, then=resets), id="9-reset-mid-body"),
        pytest.param(sends(HALF, then=closes), id="9-closed-mid-body"),
        pytest.param(sends(CHUNK, then=closes), id="9-bad-chunk"),
        pytest.param(busy(502), id="1-502"),
        pytest.param(busy(503), id="1-503"),
        pytest.param(busy(504), id="1-504"),
        pytest.param(busy(503, "0"), id="5-zero"),
        pytest.param(busy(503, "never"), id="5-garbage-503"),
        pytest.param(busy(429, "0"), id="4-429"),
        pytest.param(busy(429, formatdate(0, usegmt=True)), id="5-past-date"),
    ],
)
@pytest.mark.fault(1)
@pytest.mark.fault(8)
@pytest.mark.fault(9)
def test_second_attempt__succeeds(slow_site: Site, act: Act) -> None:
    """What passes by is tried once more, within the same deadline."""
    slow_site.keycloak.acts = [act, grants()]

    assert slow_site.call().status_code == 200

    assert len(slow_site.keycloak.asked) == 2


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(resets, id="8-reset"),
        pytest.param(busy(503), id="2-503"),
        pytest.param(busy(429, "0"), id="4-429"),
    ],
)
@pytest.mark.fault(2)
def test_third_attempt__is_not_made(slow_site: Site, act: Act) -> None:
    """Two attempts are all: what goes on failing is Keycloak's outage."""
    slow_site.keycloak.acts = [act]

    slow_site.refuses(ExchangeUnavailable)

    assert len(slow_site.keycloak.asked) == 2


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(busy(500), id="500"),
        pytest.param(busy(501), id="501"),
        pytest.param(busy(429), id="429-without-a-time"),
        pytest.param(busy(429, "abc"), id="5-abc"),
        pytest.param(busy(429, "-5"), id="5-negative"),
        pytest.param(busy(429, "1.5"), id="5-fraction"),
        pytest.param(busy(429, "1" * 5000), id="5-huge"),
        pytest.param(busy(429, "3600"), id="5-3600"),
        pytest.param(busy(503, "3600"), id="5-503-3600"),
        pytest.param(busy(503, "1"), id="5-beyond-the-deadline"),
        pytest.param(
            busy(503, "Fri, 01 Jan 2100 00:00:00 GMT"), id="5-date-beyond-the-deadline"
        ),
        pytest.param(busy(429, "Fri, 99 Foo 9999 99:99:99 GMT"), id="5-no-date"),
    ],
)
@pytest.mark.fault(5)
def test_second_attempt__is_not_made(slow_site: Site, act: Act) -> None:
    """An error of its own, or a time that does not fit, ends it at once."""
    slow_site.keycloak.acts = [act, grants()]
    started = time.monotonic()

    slow_site.refuses(ExchangeUnavailable)

    assert len(slow_site.keycloak.asked) == 1
    assert time.monotonic() - started < 0.6


@pytest.mark.fault(7)
def test_refusal__is_not_repeated(slow_site: Site) -> None:
    """A misconfiguration does not go away by asking again."""
    body = json.dumps({"error": "invalid_scope"})
    slow_site.keycloak.acts = [replies(body, 400), grants()]

    slow_site.refuses(ExchangeMisconfigured)

    assert len(slow_site.keycloak.asked) == 1


@pytest.mark.fault(4)
def test_retry_after__seconds_are_waited(slow_site: Site) -> None:
    """A wish that fits into the deadline is met."""
    slow_site.deadline = 2.0
    slow_site.keycloak.acts = [busy(429, "1"), grants()]
    started = time.monotonic()

    assert slow_site.call().status_code == 200

    assert 1.0 <= time.monotonic() - started < 1.6


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("", None),
        ("abc", None),
        ("٣", None),
        ("61", 60.0),
        ("12345678", 60.0),
    ],
)
@pytest.mark.fault(5)
def test_retry_after__is_told(site: Site, value: str, seconds: float | None) -> None:
    """Whoever catches the error learns how long to wait, in seconds or None."""
    raw = value.encode("utf-8")
    head = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: " + raw
    site.keycloak.acts = [sends(head + b"\r\n\r\n")]

    error = site.refuses(ExchangeUnavailable)

    assert isinstance(error, ExchangeUnavailable)
    assert error.retry_after == seconds


@pytest.mark.fault(5)
def test_retry_after__date_is_told(site: Site) -> None:
    """An HTTP date counts from now."""
    site.keycloak.acts = [busy(503, formatdate(time.time() + 30, usegmt=True))]

    error = site.refuses(ExchangeUnavailable)

    assert isinstance(error, ExchangeUnavailable)
    assert error.retry_after is not None
    assert 27 < error.retry_after <= 30


def test_deadline__leaves_no_time_for_a_second_attempt(site: Site) -> None:
    """Less than half a second is left: no second attempt is begun."""
    site.deadline = 0.5
    site.keycloak.acts = [resets, grants()]

    site.refuses(ExchangeUnavailable)

    assert len(site.keycloak.asked) == 1


@pytest.mark.fault(11)
def test_deadline__holds_for_both_attempts(slow_site: Site) -> None:
    """It ends at the deadline, not at the sum of two timeouts."""
    slow_site.keycloak.acts = [busy(503), grants(delay=5)]

    slow_site.refuses(ExchangeUnavailable)


REFRESHED = {
    "access_token": jwt_of(iss="x", azp="django-app"),
    "token_type": "Bearer",
    "refresh_token": "r2",
}


def realm_of(server: FaultServer) -> conf.Realm:
    return conf.Realm(
        alias="default",
        issuer=server.issuer,
        client_id="django-app",
        client_secret="s",
        deadline=1.0,
    )


def refreshed(wire: object) -> bool:
    issuer = wire.issuer  # type: ignore[attr-defined]
    token = jwt_of(iss=issuer, azp="django-app", exp=4_000_000_000)
    body = REFRESHED | {"access_token": token}
    return replies(json.dumps(body))(wire)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "act",
    [resets, sends(HALF, then=closes), busy(503), busy(429, "0")],
    ids=["reset", "half", "503", "429"],
)
@pytest.mark.fault(9)
def test_refresh__is_not_repeated_after_a_lost_reply(act: Act) -> None:
    """A refresh token may be good for once: its reply may have been the one lost."""
    with FaultServer(act, refreshed) as server, pytest.raises(ExchangeUnavailable):
        exchange.refresh(realm_of(server), "r1")

    assert len(server.asked) == 1


def test_refresh__returns_the_tokens() -> None:
    """The new refresh token comes with the new access token (RFC 6749 section 6)."""
    with FaultServer(refreshed) as server:
        tokens = exchange.refresh(realm_of(server), "r1")

    assert tokens.refresh_token == "r2"
    assert tokens.expires_at == 4_000_000_000
    assert server.asked[0].form == {
        "grant_type": "refresh_token",
        "refresh_token": "r1",
    }


@pytest.mark.fault(6)
def test_refresh__of_an_ended_session() -> None:
    """Keycloak's invalid_grant means: log in again."""
    body = '{"error": "invalid_grant", "error_description": "Session not active"}'
    with (
        FaultServer(replies(body, 400)) as server,
        pytest.raises(SubjectTokenExpired, match="Session not active"),
    ):
        exchange.refresh(realm_of(server), "r1")
