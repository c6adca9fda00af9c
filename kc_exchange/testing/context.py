"""Carry what endpoints and grants work on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.links import LinkStore
    from kc_exchange.testing.clock import Clock
    from kc_exchange.testing.features import Features
    from kc_exchange.testing.keys import RealmKeys
    from kc_exchange.testing.messages import Form, Request
    from kc_exchange.testing.model import Client, Realm
    from kc_exchange.testing.records import Ledger
    from kc_exchange.testing.sessions import SessionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RealmServer:
    """Join a realm with all that serving it needs.

    `base_url` is the server's own address, without a slash at the end.
    """

    realm: Realm
    keys: RealmKeys = field(repr=False)
    sessions: SessionStore = field(repr=False)
    links: LinkStore = field(repr=False)
    clock: Clock
    ledger: Ledger = field(repr=False)
    features: Features = field(repr=False)
    base_url: str
    tls: bool = False

    @property
    def issuer(self) -> str:
        """Return the realm's issuer URL."""
        return f"{self.base_url}/realms/{self.realm.name}"

    @property
    def protocol_url(self) -> str:
        """Return the address under which the OpenID Connect endpoints lie."""
        return f"{self.issuer}/protocol/openid-connect"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """Hold what a grant works on: the authenticated client and its parameters.

    `thumbprint` is that of the key the request proved (RFC 9449), if any.
    """

    server: RealmServer
    client: Client
    form: Form
    request: Request
    thumbprint: str | None = None
