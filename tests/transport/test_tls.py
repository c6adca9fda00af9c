"""Rows C36 to C45, and certificates of the requester (RFC 8705)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from kc_exchange import conf
from kc_exchange.exceptions import (
    ExchangeError,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    UnexpectedReply,
)
from tests.servers import FaultServer, closes, grants, sends, silent
from tests.servers.certificates import (
    authority,
    issue,
    only_tls_1_0,
    server_context,
)
from tests.servers.site import site_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import Act

TLS_RECORD = b"\x16\x03\x03\x00\x40"
CLOSE_NOTIFY = (1, 0)
INTERNAL_ERROR = (2, 80)


def alerts(level_and_kind: tuple[int, int]) -> Act:
    """Answer the peer's hello with an alert (RFC 8446 section 6), and close."""

    def act(wire: Any) -> bool:
        wire.sock.recv(65536)
        wire.sock.sendall(bytes((0x15, 3, 3, 0, 2, *level_and_kind)))
        return False

    return act


def expired() -> Any:
    return issue("old", authority(), age=timedelta(days=9))


def early() -> Any:
    return issue("early", authority(), age=timedelta(days=-1))


def self_signed() -> Any:
    return issue("self", None)


def wrong_host() -> Any:
    return issue("host", authority(), host="other.example")


def stranger() -> Any:
    return issue("stranger", authority("Another authority"))


def good() -> Any:
    return issue("good", authority())


@pytest.mark.parametrize(
    ("made", "why"),
    [
        pytest.param(expired, "certificate has expired", id="C36-expired"),
        pytest.param(early, "certificate is not yet valid", id="C36-early"),
        pytest.param(self_signed, "self-signed certificate", id="C37-self-signed"),
        pytest.param(wrong_host, "IP address mismatch", id="C38-wrong-host"),
        pytest.param(stranger, "unable to get local issuer", id="C39-unknown-ca"),
    ],
)
@pytest.mark.fault(15)
def test_certificate__is_bad(
    tls_site: Callable, tmp_path: Path, made: Callable, why: str
) -> None:
    """The error says what is wrong with the certificate; nothing was sent."""
    site = tls_site(server_context(made(), tmp_path))

    error = site.refuses(ExchangeMisconfigured)

    assert why in error.cause
    assert site.keycloak.requests == []


def test_certificate__is_good(tls_site: Callable, tmp_path: Path) -> None:
    """CA_BUNDLE alone decides whom to trust."""
    site = tls_site(server_context(good(), tmp_path))

    assert site.call().status_code == 200


def test_certificate__of_an_authority_the_system_does_not_know(
    tls_site: Callable, tmp_path: Path
) -> None:
    """C39: without CA_BUNDLE the system's authorities count, and not this one."""
    site = tls_site(server_context(good(), tmp_path))
    site.realm["CA_BUNDLE"] = ""

    site.refuses(ExchangeMisconfigured)


def test_old_protocol__is_refused(tls_site: Callable, tmp_path: Path) -> None:
    """C40: a server that speaks TLS 1.0 alone gets nothing."""
    site = tls_site(only_tls_1_0(server_context(good(), tmp_path)))

    assert "TLS" in site.refuses(ExchangeMisconfigured).cause


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        pytest.param(silent, ExchangeUnavailable, id="C42-hang"),
        pytest.param(
            sends(TLS_RECORD, then=silent), ExchangeUnavailable, id="C42-hang-midway"
        ),
        pytest.param(
            sends(b"HTTP/1.1 400 Bad Request\r\n\r\n", then=closes),
            ExchangeMisconfigured,
            id="C43-plain-http",
        ),
        pytest.param(closes, ExchangeUnavailable, id="C44-close"),
        pytest.param(
            sends(TLS_RECORD, then=closes), ExchangeUnavailable, id="C44-close-midway"
        ),
        pytest.param(
            alerts(CLOSE_NOTIFY), ExchangeUnavailable, id="C44-close-in-good-order"
        ),
        pytest.param(
            alerts(INTERNAL_ERROR), ExchangeUnavailable, id="C44-internal-error"
        ),
    ],
)
@pytest.mark.fault(15)
def test_handshake__fails(
    settings: Any, caplog: Any, greeting: Act, kind: type[ExchangeError]
) -> None:
    """A handshake that does not end is over by the deadline, with a typed error."""
    server = FaultServer(grants(), greeting=greeting, scheme="https")
    with site_of(server, settings, caplog) as site:
        site.refuses(kind)


def test_truncated_reply__in_tls(tls_site: Callable, tmp_path: Path) -> None:
    """A connection that ends without the close of TLS is lost, not misconfigured."""
    site = tls_site(server_context(good(), tmp_path))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    site.keycloak.acts = [sends(head + b"Content-Length: 9\r\n\r\n{", then=closes)]

    site.refuses(ExchangeUnavailable)


def test_plain_http__in_production(settings: Any) -> None:
    """C45: an issuer without TLS is refused before anything is sent."""
    settings.KC_EXCHANGE = {
        "REALMS": {
            "default": {
                "ISSUER": "http://id.example.com/realms/shop",
                "CLIENT_ID": "a",
                "CLIENT_SECRET": "b",
            }
        },
    }

    with pytest.raises(ImproperlyConfigured, match=r"plain http.*kc_exchange\.E004"):
        conf.current()


def test_endpoint__plain_behind_https(tls_site: Callable, tmp_path: Path) -> None:
    """C45: a discovery document over TLS cannot lead to an endpoint without it."""
    site = tls_site(server_context(good(), tmp_path))
    site.keycloak.discovery = {"token_endpoint": "http://127.0.0.1:9/token"}

    assert "token_endpoint" in site.refuses(UnexpectedReply).cause


def test_endpoint__in_plain_http_is_not_used_because_the_issuer_is(
    tls_site: Callable, tmp_path: Path
) -> None:
    """The settings allowed an issuer's name in http, not secrets that travel so."""
    site = tls_site(server_context(good(), tmp_path))
    site.realm |= {
        "DISCOVERY_URL": f"{site.keycloak.url}/.well-known/openid-configuration",
        "ISSUER": "http://id.example/realms/shop",
    }
    site.keycloak.discovery = {
        "issuer": "http://id.example/realms/shop",
        "token_endpoint": "http://id.example/realms/shop/token",
    }

    error = site.refuses(UnexpectedReply)

    assert "names no usable token_endpoint" in error.cause
