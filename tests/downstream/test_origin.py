"""Pitfalls 10 and 11: where a token may be sent, and every trick to send it away."""

from __future__ import annotations

import pytest
from requests import Request

from kc_exchange.downstream.origin import Origin
from kc_exchange.exceptions import WrongDownstream
from tests.downstream.tools import session_at

BASE = "https://orders.example/api/"


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("v1/orders", "https://orders.example/api/v1/orders"),
        ("/v1/orders", "https://orders.example/api/v1/orders"),
        ("", "https://orders.example/api/"),
        ("v1/a%2fb", "https://orders.example/api/v1/a%2Fb"),
        ("v1/ä b?q=/../x#f", "https://orders.example/api/v1/%C3%A4%20b?q=/../x#f"),
        ("v1/../v2", "https://orders.example/api/v2"),
        ("v1/..x/x..", "https://orders.example/api/v1/..x/x.."),
        ("v1/a;b=c", "https://orders.example/api/v1/a;b=c"),
        ("https:evil.example", "https://orders.example/api/https:evil.example"),
        ("\\\\evil.example/x", "https://orders.example/api/%5C%5Cevil.example/x"),
        ("https://orders.example/api/x", "https://orders.example/api/x"),
        ("https://ORDERS.example:443/api/x", "https://orders.example:443/api/x"),
    ],
)
def test_url__belongs_to_the_downstream(url: str, sent: str) -> None:
    """What is below BASE_URL is sent, whichever way it is written."""
    with session_at(BASE) as session:
        assert session.prepare_request(Request("GET", url)).url == sent


AWAY = {
    "10-absolute": "https://evil.example/api/x",
    "10-scheme": "http://orders.example/api/x",
    "10-port": "https://orders.example:8443/api/x",
    "10-ftp": "ftp://orders.example/api/x",
    "11-two-slashes": "//evil.example/api/x",
    "11-three-slashes": "///evil.example/api/x",
    "11-userinfo": "https://orders.example@evil.example/api/x",
    "11-userinfo-same-host": "https://user:pw@orders.example/api/x",
    "11-longer-host": "https://orders.example.evil.example/api/x",
    "11-host-prefix": "https://orders.exampleevil/api/x",
    "11-dot-at-end": "https://orders.example./api/x",
    "11-cyrillic": "https://ord\u0435rs.example/api/x",
    "11-backslash": "https://evil.example\\@orders.example/api/x",
    "11-hash": "https://evil.example#@orders.example/api/x",
    "11-other-prefix": "https://orders.example/admin",
    "11-longer-prefix": "https://orders.example/apix/x",
    "11-shorter-prefix": "https://orders.example/api",
    "11-case-of-prefix": "https://orders.example/API/x",
    "11-dots": "../admin",
    "11-dots-deep": "v1/../../admin",
    "11-dots-absolute": "https://orders.example/api/../admin",
    "11-encoded-dots": "%2e%2e/admin",
    "11-mixed-dots": ".%2E/admin",
    "11-encoded-slash": "..%2fadmin",
    "11-encoded-backslash": "..%5cadmin",
    "11-backslash-dots": "..\\admin",
    "11-twice-encoded": "%252e%252e/admin",
    "11-twice-encoded-slash": "..%252fadmin",
    "11-semicolon": "..;/admin",
    "11-semicolon-parameter": "v1/..;a=b/..;/admin",
}


@pytest.mark.parametrize("url", AWAY.values(), ids=AWAY)
def test_url__leads_away(url: str) -> None:
    """It is refused before a token is obtained, and the error says where it led."""
    with session_at(BASE) as session, pytest.raises(WrongDownstream) as caught:
        session.get(url, timeout=0.1)

    assert "orders-api" in caught.value.cause
    assert "/admin" not in str(caught.value)


@pytest.mark.parametrize("url", AWAY.values(), ids=AWAY)
def test_check__of_a_prepared_url(url: str) -> None:
    """The last look, before each sending, knows the same tricks."""
    origin = Origin("orders-api", BASE)
    absolute = url if "//" in url else BASE + url

    with pytest.raises(WrongDownstream):
        origin.check(absolute)


@pytest.mark.parametrize(
    "url", ["https://orders.example:0/api/x", "https://@orders.example/api/x"]
)
def test_check__of_what_requests_would_have_written_otherwise(url: str) -> None:
    """`requests` drops port 0 and an empty user; a URL that still has them is none."""
    with session_at(BASE) as session:
        assert session.prepare_request(Request("GET", url)).url == f"{BASE}x"

    with pytest.raises(WrongDownstream):
        Origin("orders-api", BASE).check(url)


@pytest.mark.parametrize("url", ["https://[::1", "https://orders.example:x/", "", "x"])
def test_check__of_what_is_no_url(url: str) -> None:
    """What cannot be read belongs to nobody."""
    with pytest.raises(WrongDownstream):
        Origin("orders-api", BASE).check(url)


def test_error__shows_no_path_and_no_query() -> None:
    """A URL may carry a secret: scheme, host and port are shown."""
    with pytest.raises(WrongDownstream) as caught:
        Origin("orders-api", BASE).check("https://u:pw@evil.example:1/p?key=secret")

    assert caught.value.cause.startswith("https://evil.example:1 does not belong")
