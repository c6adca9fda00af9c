"""`Retry-After`: no request before then, and not longer than a minute."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from kc_exchange.exceptions import ExchangeUnavailable
from kc_exchange.transport import Reply
from kc_exchange.transport.retry_after import retry_after
from tests.servers import grants, http, replies

if TYPE_CHECKING:
    from tests.servers import Act
    from tests.servers.site import Site

pytestmark = [pytest.mark.fault(4), pytest.mark.fault(5)]


def busy(status: int, value: str = "") -> Act:
    headers = (f"Retry-After: {value}",) if value else ()
    return replies("", status, *headers)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after__holds_for_everybody(site: Site, status: int) -> None:
    """One answer, and no user's request goes there before the time is over."""
    site.keycloak.acts = [busy(status, "20"), grants()]
    site.refuses(ExchangeUnavailable)

    errors = [
        site.refuses(ExchangeUnavailable, site.subject(sub=f"user-{number}"))
        for number in range(5)
    ]

    assert len(site.keycloak.asked) == 1
    for error in errors:
        assert isinstance(error, ExchangeUnavailable)
        assert error.diagnosis == "breaker_open"
        assert error.retry_after is not None
        assert 0 < error.retry_after <= 20


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, ["Retry-After: 20"], 20),
        (503, ["Retry-After: 20"], 20),
        (503, ["Retry-After: 3600"], 60),
        (429, [], 1),
    ],
)
def test_retry_after__of_the_discovery(
    site: Site, status: int, headers: list[str], seconds: float
) -> None:
    """A process that starts meanwhile leaves the server alone as well."""
    site.keycloak.discovery = http("", status, *headers)
    first = site.refuses(ExchangeUnavailable)

    second = site.refuses(ExchangeUnavailable)

    assert isinstance(first, ExchangeUnavailable)
    assert isinstance(second, ExchangeUnavailable)
    assert first.retry_after == (seconds if headers else None)
    assert second.diagnosis == "breaker_open"
    assert f"with {status}" in second.cause
    assert second.retry_after is not None
    assert seconds - 1 < second.retry_after <= seconds
    assert len(site.keycloak.requests) == 1


def test_retry_after__holds_for_no_other_realm(site: Site) -> None:
    site.keycloak.acts = [busy(429, "20"), grants()]
    site.refuses(ExchangeUnavailable)

    site.realm = {
        "DISCOVERY_URL": f"{site.keycloak.issuer}/.well-known/openid-configuration"
    }

    assert site.call().status_code == 200


def test_retry_after__ends(site: Site) -> None:
    """When the time is over one asks, and then everybody does."""
    site.deadline = 3.0
    site.keycloak.acts = [busy(429, "3"), grants()]
    site.refuses(ExchangeUnavailable)
    refused = time.monotonic()

    outcomes = []
    while 200 not in outcomes and time.monotonic() < refused + 20:
        try:
            outcomes.append(site.call(site.subject(jti="again")).status_code)
        except ExchangeUnavailable:
            time.sleep(0.05)

    assert outcomes == [200]
    assert site.call(site.subject(jti="another")).status_code == 200


def test_throttled__without_a_time(site: Site) -> None:
    """A second of quiet, all the same."""
    site.keycloak.acts = [busy(429), grants()]
    first = site.refuses(ExchangeUnavailable)

    second = site.refuses(ExchangeUnavailable)

    assert isinstance(first, ExchangeUnavailable)
    assert first.diagnosis == "throttled"
    assert second.diagnosis == "breaker_open"
    assert "fewer requests" in second.cause


def test_throttled__is_no_outage(site: Site) -> None:
    """A server that throttles answers: where it wants no pause, there is none."""
    site.keycloak.acts = [busy(429, "0")]

    errors = [site.refuses(ExchangeUnavailable) for _ in range(6)]

    assert {error.diagnosis for error in errors} == {"throttled"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("2", 2.0),
        ("3600", 60.0),
        ("1" + "0" * 12, 60.0),
        (formatdate(0, usegmt=True), 0.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 60.0),
        ("-1", None),
        ("abc", None),
        ("1.5", None),
        ("", None),
        ("Fri, 99 Foo 9999 99:99:99 GMT", None),
    ],
)
def test_value(value: str, seconds: float | None) -> None:
    """RFC 9110 section 10.2.3: seconds or a date; nothing else is either."""
    assert retry_after(Reply(429, {"retry-after": value}, b"")) == seconds


def test_value__that_is_absent() -> None:
    assert retry_after(Reply(429, {}, b"")) is None
