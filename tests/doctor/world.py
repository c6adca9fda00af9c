"""A server with the two realms on it, and a project in front of them."""

from __future__ import annotations

import copy
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests

from kc_exchange.testing import EmbeddedKeycloak
from tests.doctor import realms
from tests.doctor.admin import Admin
from tests.doctor.kinds import FEATURES, PERMISSIONS, URL, address
from tests.doctor.provider import OURS
from tests.doctor.realms import ANNEX, CLINIC, PARTNER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.doctor.changes import Change
    from tests.doctor.kinds import Kind


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
        if not self.has_annex:
            return found
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

    @property
    def has_annex(self) -> bool:
        """Whether the server knows what the second realm is for."""
        return self.kind.real or PERMISSIONS in _embeddable()


def _embeddable() -> set[str]:
    from kc_exchange.testing.features import KNOWN  # noqa: PLC0415

    return {name for name, needed in FEATURES.items() if needed <= KNOWN}


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
    url = address(kind.features)
    if not url:
        pytest.fail(f"{URL[kind.features]} is not set; see .ci/keycloak start")
    admin = Admin(
        url,
        os.environ.get("KC_EXCHANGE_KEYCLOAK_ADMIN", "admin"),
        os.environ.get("KC_EXCHANGE_KEYCLOAK_PASSWORD", "admin"),
    )
    made = World(url, kind, partner, admin=admin)
    for document in documents(made)[: 2 if annex else 1]:
        admin.import_realm(document)
    if kind.features == PERMISSIONS:
        admin.permit(CLINIC, PARTNER, "django-app")
    if kind.features == PERMISSIONS and annex:
        admin.permit(ANNEX, CLINIC, "annex-app")
    for change in changes:
        change.by(admin)
    return made


def _embedded(
    running: ExitStack, kind: Kind, partner: str, changes: Iterable[Change]
) -> World:
    server = EmbeddedKeycloak(features=FEATURES[kind.features])
    made = World(server.url, kind, partner, embedded=server)
    found = {d["realm"]: d for d in map(copy.deepcopy, documents(made))}
    for change in changes:
        change.into(found[change.realm])
    # The realms name the address of their server, which is known by now alone.
    port = int(server.url.rpartition(":")[2])
    server.close()
    running.enter_context(
        again := EmbeddedKeycloak(
            *found.values(), port=port, features=FEATURES[kind.features]
        )
    )
    made.embedded = again
    return made


def documents(made: World) -> list[dict[str, Any]]:
    """Return the realms of a server as they should be."""
    return [
        realms.clinic(made.issuer(ANNEX), made.partner),
        realms.annex(made.issuer()),
    ]
