"""The requester's certificate is loaded again when its files change (RFC 8705)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, exchange
from kc_exchange.tokens import SubjectToken
from tests.servers import Act, grants
from tests.servers.certificates import (
    asking_for_certificate,
    authority,
    issue,
    server_context,
)
from tests.servers.mutual_tls import Files, Held, files

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.site import Site

__all__ = ["files"]


def noting(seen: list[str], then: Act) -> Act:
    """Note whose certificate was shown, then do as `then` does."""

    def act(wire: Any) -> bool:
        subject = wire.sock.getpeercert()["subject"]
        seen.append(dict(pair[0] for pair in subject)["commonName"])
        return then(wire)

    return act


@pytest.fixture
def strict_site(tls_site: Callable[..., Site], files: Files) -> Site:
    """Give a site whose Keycloak asks for a certificate."""
    server = server_context(issue("server", authority()), files.folder)
    site = tls_site(asking_for_certificate(server, authority()))
    site.deadline = 20.0
    site.realm |= {
        "CLIENT_AUTH": "tls_client_auth",
        "CERTIFICATE": files.certificate,
        "CERTIFICATE_KEY": files.key,
    }
    return site


def test_certificate__is_shown_anew(
    strict_site: Site, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    """The exchange after a rotation shows it; half a pair changes nothing."""
    shown: list[str] = []
    strict_site.keycloak.acts = [noting(shown, grants())]

    def ask(number: int) -> None:
        assert strict_site.call(strict_site.subject(jti=str(number))).status_code == 200

    ask(1)
    second = issue("second", authority())
    files.write_certificate(second)
    ask(2)
    ask(3)
    told = [r.getMessage() for r in caplog.records if "not_renewed" in r.getMessage()]
    files.write_key(second)
    ask(4)
    ask(5)

    assert shown == ["first"] * 3 + ["second"] * 2
    assert strict_site.keycloak.connections == 2
    assert len(told) == 1
    assert "realm 'default'" in told[0]


def test_certificate__exchange_under_way_finishes(
    strict_site: Site, files: Files
) -> None:
    """The former connection brings its answer."""
    shown: list[str] = []
    held = Held(then=noting(shown, grants()))
    strict_site.keycloak.acts = [held, noting(shown, grants())]
    strict_site.configure()
    settings = conf.current()
    got: list[Any] = []

    def ask() -> None:
        subject = SubjectToken(value=strict_site.subject())
        orders = settings.downstream("orders-api")
        got.append(exchange.exchange(subject, orders, settings.realm("default")))

    first = threading.Thread(target=ask)
    first.start()
    assert held.came.wait(30)
    files.write("second")
    ask()
    held.go_on.set()
    first.join(30)

    assert len(got) == 2
    assert shown == ["second", "first"]
