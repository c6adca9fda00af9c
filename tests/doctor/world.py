"""A server with the two realms on it, and a project in front of them."""

from __future__ import annotations

import copy
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from kc_exchange.testing import EmbeddedKeycloak
from tests.doctor import realms
from tests.doctor.admin import Admin
from tests.doctor.provider import OURS
from tests.doctor.realms import ANNEX, CLINIC, PARTNER
from tests.real_keycloak import FEATURES, PERMISSIONS, administrator, needed_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.doctor.changes import Change
    from tests.doctor.kinds import Kind


PERMITTED = ((CLINIC, PARTNER, "django-app"), (ANNEX, CLINIC, "annex-app"))
"""Whose tokens a client may exchange: realm, provider, client."""


@dataclass
class World:
    """Where people log in, and what the project's settings would say."""

    url: str
    kind: Kind
    partner: str
    """The address of the identity provider."""
    admin: Admin | None = None
    embedded: EmbeddedKeycloak | None = None
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.http.trust_env = False

    def issuer(self, realm: str = CLINIC) -> str:
        """Return the address of a realm."""
        return f"{self.url}/realms/{realm}"

    def post(
        self, form: dict[str, str], *, realm: str = CLINIC, **headers: str
    ) -> dict[str, Any]:
        """Ask a token endpoint, which must not refuse."""
        url = f"{self.issuer(realm)}/protocol/openid-connect/token"
        reply = self.http.post(url, data=form, headers=headers, timeout=30)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def settings(self) -> dict[str, Any]:
        """Return KC_EXCHANGE as it fits the realms, with what the features allow."""
        # The port is that of nobody, and a connection to it is refused at once.
        base = {"BASE_URL": f"{self.url}/"}
        found: dict[str, Any] = {
            "REALMS": {
                "default": {
                    "ISSUER": self.issuer(),
                    "CLIENT_ID": "django-app",
                    "CLIENT_SECRET": "django-app-secret",
                    "DEADLINE": 10.0,
                },
            },
            "DOWNSTREAMS": {"orders-api": {**base, "SCOPES": ["orders:read"]}},
        }
        found["REALMS"]["annex"] = {
            "ISSUER": self.issuer(ANNEX),
            "CLIENT_ID": "annex-app",
            "CLIENT_SECRET": "annex-app-secret",
            "DEADLINE": 10.0,
        }
        stock: dict[str, Any] = {
            **base,
            "AUDIENCE": "stock-api",
            "REALM": "annex",
        }
        stock["SCOPES"] = ["stock:read"]
        found["DOWNSTREAMS"]["stock"] = {
            **stock,
            "STRATEGY": "jwt-grant",
            "SUBJECT_ISSUER": CLINIC,
            "ASSERTION_SCOPES": ["to-annex"],
        }
        if self.kind.features != PERMISSIONS:
            return found
        found["PROVIDERS"] = {PARTNER: {"ISSUER": self.partner, "AUDIENCES": [OURS]}}
        found["DOWNSTREAMS"] |= {
            "stock-legacy": {
                **stock,
                "STRATEGY": "cross-realm",
                "SUBJECT_ISSUER": CLINIC,
            },
            "orders-partner": {
                **base,
                "AUDIENCE": "orders-api",
                "SCOPES": ["orders:read"],
                "STRATEGY": "external",
                "SUBJECT_ISSUER": PARTNER,
            },
            "partner-api": {
                **base,
                "STRATEGY": "linked",
                "REQUESTED_ISSUER": PARTNER,
            },
        }
        return found


@contextmanager
def world(
    kind: Kind, partner: str, changes: Iterable[Change] = (), *, annex: bool = True
) -> Iterator[World]:
    """Yield a server whose realms are as they should be, but for the changes.

    Without `annex` the second realm is not made, to save the time.
    """
    with ExitStack() as running:
        if kind.real:
            yield _real(kind, partner, changes, annex=annex)
        else:
            yield _embedded(running, kind, partner, changes)


def _real(kind: Kind, partner: str, changes: Iterable[Change], *, annex: bool) -> World:
    url = needed_address(kind.features)
    admin = Admin(url, *administrator())
    made = World(url, kind, partner, admin=admin)
    for document in documents(made)[: 2 if annex else 1]:
        admin.import_realm(document)
    for realm, alias, client in PERMITTED if kind.features == PERMISSIONS else ():
        if annex or realm != ANNEX:
            admin.permit(realm, alias, client)
    for change in changes:
        change.by(admin)
    return made


def _embedded(
    running: ExitStack, kind: Kind, partner: str, changes: Iterable[Change]
) -> World:
    # Its address is known only once it runs; the realms leave a place for it.
    unplaced = World("${server}", kind, partner)
    found = {d["realm"]: d for d in map(copy.deepcopy, documents(unplaced))}
    for change in changes:
        change.into(found[change.realm])
    features = FEATURES[kind.features]
    server = EmbeddedKeycloak(*found.values(), features=features)
    for realm, alias, client in PERMITTED:
        if alias not in found[realm].get("not permitted", ()):
            server.allow_exchange(realm, client, subject_issuer=alias)
    running.enter_context(server)
    return World(server.url, kind, partner, embedded=server)


def documents(made: World) -> list[dict[str, Any]]:
    """Return the realms of a server as they should be."""
    return [
        realms.clinic(made.issuer(ANNEX), made.partner),
        realms.annex(made.issuer()),
    ]
