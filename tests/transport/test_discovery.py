"""How a realm's endpoints are found, and how long they are known."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, discovery, transport
from kc_exchange.exceptions import (
    ExchangeError,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    UnexpectedReply,
)
from tests.servers import FaultServer, grants, http, silent

if TYPE_CHECKING:
    from tests.servers.site import Site

DOCUMENTS: dict[str, tuple[Any, type[ExchangeError]]] = {
    "500": (http("", 500), ExchangeUnavailable),
    "503": (http("", 503), ExchangeUnavailable),
    "429": (http("", 429), ExchangeUnavailable),
    "404": (http('{"error": "Realm does not exist"}', 404), ExchangeMisconfigured),
    "302": (http("", 302, "Location: http://127.0.0.1:9/"), ExchangeMisconfigured),
    "html": (http("<html>", kind="text/html"), UnexpectedReply),
    "list": (http("[]"), UnexpectedReply),
    "duplicate": (http('{"issuer": "a", "issuer": "b"}'), UnexpectedReply),
    "other-issuer": ({"issuer": "http://127.0.0.1/realms/other"}, UnexpectedReply),
    "issuer-with-slash": ({"issuer": "http://127.0.0.1/realms/shop/"}, UnexpectedReply),
    "no-issuer": ({"issuer": None}, UnexpectedReply),
    "no-token-endpoint": ({"token_endpoint": None}, UnexpectedReply),
    "endpoint-list": ({"token_endpoint": ["http://127.0.0.1/"]}, UnexpectedReply),
    "endpoint-file": ({"token_endpoint": "file:///etc/passwd"}, UnexpectedReply),
    "endpoint-bracket": ({"token_endpoint": "http://[::1/token"}, UnexpectedReply),
    "endpoint-port": ({"token_endpoint": "http://kc:99999/token"}, UnexpectedReply),
    "endpoint-space": ({"token_endpoint": "http://a b/token"}, UnexpectedReply),
    "endpoint-no-host": ({"token_endpoint": "http:///token"}, UnexpectedReply),
    "no-keys": ({"jwks_uri": None}, UnexpectedReply),
}


@pytest.mark.parametrize(("document", "kind"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_document__is_refused(
    site: Site, document: Any, kind: type[ExchangeError]
) -> None:
    """No secret is sent before the endpoints are known to be the issuer's."""
    site.keycloak.discovery = document

    site.refuses(kind)

    assert site.keycloak.asked == []


def realm_of(site: Site) -> conf.Realm:
    site.configure()
    return conf.current().realm("default")


def make_stale() -> None:
    for key, known in discovery._known.items():
        discovery._known[key] = replace(known, fetched_at=known.fetched_at - 3601)


def test_endpoints__are_asked_for_once_an_hour(site: Site) -> None:
    """An hour later the document is read again."""
    realm = realm_of(site)
    for _ in range(3):
        discovery.endpoints(realm, transport.Deadline(1))
    assert len(site.keycloak.requests) == 1

    make_stale()
    site.keycloak.discovery = {"token_endpoint": f"{site.keycloak.url}/moved"}
    found = discovery.endpoints(realm, transport.Deadline(1))

    assert found.token == f"{site.keycloak.url}/moved"
    assert len(site.keycloak.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [http("", 503), http("", 404), http("<html>"), b"", {"token_endpoint": "no URL"}],
    ids=["away", "not-found", "a-page", "nothing", "no-endpoint"],
)
def test_endpoints__of_last_time_are_good_during_an_outage(
    site: Site, answer: Any
) -> None:
    """Discovery that fails does not stop what worked an hour ago, and holds up none."""
    realm = realm_of(site)
    before = discovery.endpoints(realm, transport.Deadline(1))
    make_stale()
    site.keycloak.discovery = answer

    for _ in range(3):
        found = discovery.endpoints(realm, transport.Deadline(1))
        assert found.token == before.token
    assert len(site.keycloak.requests) == 2

    for key, known in discovery._known.items():
        discovery._known[key] = replace(known, fetched_at=known.fetched_at - 6)
    discovery.endpoints(realm, transport.Deadline(1))
    assert len(site.keycloak.requests) == 3


def test_endpoints__of_another_issuer_are_never_taken(site: Site) -> None:
    """The realm moved: that is told, whatever was known."""
    realm = realm_of(site)
    discovery.endpoints(realm, transport.Deadline(1))
    make_stale()
    site.keycloak.discovery = {"issuer": "https://elsewhere.example/realms/a"}

    with pytest.raises(UnexpectedReply, match="another issuer"):
        discovery.endpoints(realm, transport.Deadline(1))


def test_endpoints__of_last_time_while_another_thread_asks(site: Site) -> None:
    """One thread asks anew, the others go on with what is known."""
    realm = realm_of(site)
    discovery.endpoints(realm, transport.Deadline(1))
    make_stale()
    site.keycloak.discovery = b""
    slow = threading.Thread(
        target=discovery.endpoints, args=(realm, transport.Deadline(0.4))
    )
    slow.start()
    time.sleep(0.1)
    started = time.monotonic()

    discovery.endpoints(realm, transport.Deadline(1))

    assert time.monotonic() - started < 0.1
    slow.join()


def test_realms__do_not_wait_for_each_other(site: Site) -> None:
    """A realm whose server hangs holds up no other realm."""
    realm = realm_of(site)
    with FaultServer(grants(), greeting=silent) as hanging:
        other = replace(realm, issuer=hanging.issuer)
        slow = threading.Thread(target=_fails, args=(other,))
        slow.start()
        time.sleep(0.05)
        started = time.monotonic()

        discovery.endpoints(realm, transport.Deadline(1))

        assert time.monotonic() - started < 0.3
        slow.join()


def _fails(realm: conf.Realm) -> None:
    with pytest.raises(ExchangeUnavailable):
        discovery.endpoints(realm, transport.Deadline(0.5))


def test_discovery_url__is_asked_and_the_issuer_compared(site: Site) -> None:
    """Where Keycloak is reached by an inner name, `issuer` stays the outer one."""
    inner = f"{site.keycloak.url}/inner/.well-known/openid-configuration"
    site.realm |= {"DISCOVERY_URL": inner, "ISSUER": "https://id.example/realms/shop"}
    site.keycloak.discovery = {"issuer": "https://id.example/realms/shop"}
    realm = realm_of(site)

    found = discovery.endpoints(realm, transport.Deadline(1))

    assert [seen.path for seen in site.keycloak.requests] == [
        "/inner/.well-known/openid-configuration"
    ]
    assert found.token == f"{site.keycloak.issuer}/token"
