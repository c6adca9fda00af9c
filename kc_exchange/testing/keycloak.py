"""Serve Keycloak's endpoints from this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.brokering import Brokering
from kc_exchange.testing.brokers.links import LinkStore
from kc_exchange.testing.clock import Clock
from kc_exchange.testing.context import RealmServer
from kc_exchange.testing.errors import RealmFileError
from kc_exchange.testing.faults import FaultQueue
from kc_exchange.testing.features import Features
from kc_exchange.testing.http_server import HttpServer
from kc_exchange.testing.keys import RealmKeys
from kc_exchange.testing.realm_file import load_realm
from kc_exchange.testing.records import Ledger
from kc_exchange.testing.router import Router
from kc_exchange.testing.serving import Serving
from kc_exchange.testing.sessions import SessionStore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from kc_exchange.testing.model import Realm


class EmbeddedKeycloak(Serving, Brokering):
    """Serve Keycloak's OpenID Connect endpoints from this process.

    It speaks the URLs, the dialect and the errors of Keycloak 26.7 with real RS256
    tokens, so the code under test cannot tell it from a server of its own::

        with EmbeddedKeycloak("realm.json") as keycloak:
            requests.post(f"{keycloak.issuer('acme')}/protocol/openid-connect/token")

    Args:
        realms: realm exports in Keycloak's own JSON format, as paths or mappings.
            `${server}` in them stands for the server's own address.
        host: the address to listen on, which is also the host of every URL.
        port: the port to listen on; 0 takes a free one.
        ssl_context: serves https; with `verify_mode` set it also asks for client
            certificates (RFC 8705).
        features: what `--features` would name; both are off as on Keycloak itself.
            "token-exchange" is the legacy exchange, which impersonates;
            "admin-fine-grained-authz:v1" lets admin permissions decide on exchanges
            with identity providers, for other clients and without a user.

    Raises:
        RealmFileError: an export cannot be read, or a realm is given twice.
        ValueError: a feature is not known.
        OSError: the port is taken.
    """

    def __init__(
        self,
        *realms: str | Path | Mapping[str, Any],
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        features: Iterable[str] = (),
    ) -> None:
        self.clock = Clock()
        self._features = Features(features)
        self._faults = FaultQueue()
        self._ledger = Ledger()
        self._host = host
        self._tls = ssl_context is not None
        self._realms: dict[str, RealmServer] = {}
        router = Router(self._realms, self._faults, self._ledger)
        self._server = HttpServer(
            (host, port), router.answer, router.find_fault, ssl_context
        )
        try:
            for source in realms:
                self._add(load_realm(source, self.url))
        except RealmFileError:
            self._server.server_close()
            raise

    def _add(self, realm: Realm) -> None:
        if realm.name in self._realms:
            raise RealmFileError(
                f"The realm '{realm.name}' is given twice.",
                "Give each realm once, or rename one of them.",
            )
        self._realms[realm.name] = RealmServer(
            realm=realm,
            keys=RealmKeys(realm.name),
            sessions=SessionStore(realm, self.clock.seconds),
            links=LinkStore(realm),
            clock=self.clock,
            ledger=self._ledger,
            features=self._features,
            base_url=self.url,
            tls=self._tls,
        )

    @property
    def url(self) -> str:
        """Return the server's address, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self._server.port}"

    @property
    def realms(self) -> tuple[str, ...]:
        """Return the names of the realms, in the order they were given."""
        return tuple(self._realms)

    def issuer(self, realm: str) -> str:
        """Return the issuer URL of the realm.

        Raises:
            LookupError: no such realm is served.
        """
        return self._find(realm).issuer

    def realm(self, name: str) -> Realm:
        """Return the realm; what a test changes in it holds from the next request.

        Raises:
            LookupError: no such realm is served.
        """
        return self._find(name).realm

    def close(self) -> None:
        """Give the port back of a server that was never started."""
        self._server.server_close()
