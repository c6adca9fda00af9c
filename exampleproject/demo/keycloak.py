"""The Keycloak that the demo runs on: embedded, or one that is running already."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from exampleproject.demo.failure import DemoFailed
from exampleproject.environment import ROOT
from kc_exchange.testing import EmbeddedKeycloak

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ROOT / "exampleproject/keycloak"
REALM, STUDIO, SHARED = "shop", "studio", "shared-services"
FEATURES = frozenset({"token-exchange", "admin-fine-grained-authz:v1"})
_PARCEL_FILE = FOLDER / "elsewhere/parcel-realm.json"
_PARCEL = "parcel"
_USUAL = "http://127.0.0.1:8080"
_USUAL_PARCEL = "http://127.0.0.1:8009"
_SECONDS = 5
_OK, _NOT_FOUND = 200, 404


class Account(NamedTuple):
    """Somebody who can log in."""

    name: str
    password: str
    roles: str
    realm: str


def realms(parcel: str = _USUAL_PARCEL) -> list[dict[str, Any]]:
    """Return the realms for an embedded Keycloak, wherever it will listen.

    Their files are those of a Keycloak and of a parcel service at the usual addresses;
    `parcel` is where the latter is instead.
    """
    return [_placed(name, parcel) for name in (REALM, STUDIO, SHARED)]


def people(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return those of a realm's users who can log in there."""
    return [user for user in document["users"] if user.get("credentials")]


def _placed(name: str, parcel: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}-realm.json").read_text(encoding="utf-8")
    placed = text.replace(_USUAL, "${server}").replace(_USUAL_PARCEL, parcel)
    document: dict[str, Any] = json.loads(placed)
    return document


@contextmanager
def embedded(parcel: str) -> Iterator[str]:
    """Serve the demo's realms from this process; give the issuer URL of the first.

    `parcel` is the address of the parcel service's provider.
    """
    with EmbeddedKeycloak(*realms(parcel), features=FEATURES) as keycloak:
        yield keycloak.issuer(REALM)


@contextmanager
def parcel_service(port: int) -> Iterator[EmbeddedKeycloak]:
    """Serve the stand-in for a provider that is nobody's here; port 0 is a free one.

    Raises:
        DemoFailed: somebody else has that port.
    """
    try:
        service = EmbeddedKeycloak(_PARCEL_FILE, port=port)
    except OSError as error:
        raise DemoFailed(
            f"The parcel service cannot have port {port}: {error.strerror}.",
            "End what listens there, or set SHOP_PARCEL_ISSUER and provision anew.",
        ) from None
    with service:
        yield service


def issuer_of_parcel(service: EmbeddedKeycloak) -> str:
    """Return the issuer URL of its realm."""
    return service.issuer(_PARCEL)


def issuer_at(url: str) -> str:
    """Return the issuer URL of the realm `shop` on a running Keycloak.

    Raises:
        DemoFailed: there is none, or it is not Keycloak, or lacks one of the realms.
    """
    base = url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise DemoFailed(
            f"{url!r} is not the address of a Keycloak.",
            "Begin it with http:// or https://, as in http://127.0.0.1:8080.",
        )
    found = [_issuer(base, realm) for realm in (REALM, STUDIO, SHARED)]
    return found[0]


def accounts() -> list[Account]:
    """Return the people who can log in, brand by brand."""
    return [
        Account(
            user["username"],
            user["credentials"][0]["value"],
            ", ".join(r for r in user["realmRoles"] if not r.startswith("default-")),
            document["realm"],
        )
        for document in realms()
        for user in people(document)
    ]


def _issuer(base: str, realm: str) -> str:
    issuer = _discovery(base, realm).get("issuer")
    if not isinstance(issuer, str):
        raise DemoFailed(
            f"What answers at {base} is not Keycloak.",
            "Give Keycloak's own address, as in --keycloak http://127.0.0.1:8080.",
        )
    return issuer


def _discovery(base: str, realm: str) -> dict[str, Any]:
    address = f"{base}/realms/{realm}/.well-known/openid-configuration"
    try:
        with requests.Session() as session:
            session.trust_env = False
            reply = session.get(address, timeout=_SECONDS)
        if reply.status_code == _OK:
            document = reply.json()
            return document if isinstance(document, dict) else {}
    except requests.JSONDecodeError:
        return {}
    except (requests.RequestException, ValueError):
        raise DemoFailed(
            f"No Keycloak answers at {base}.",
            f"Start it (kc.sh start-dev --features={','.join(sorted(FEATURES))} "
            "--http-port=8080), or leave --keycloak out: then the demo brings its own.",
        ) from None
    if reply.status_code == _NOT_FOUND:
        raise DemoFailed(
            f"This Keycloak has no realm {realm!r}.",
            f"SHOP_ISSUER={base}/realms/{REALM} KEYCLOAK_ADMIN_USERNAME=... "
            "KEYCLOAK_ADMIN_PASSWORD=... manage.py kc_exchange provision --apply",
        )
    raise DemoFailed(
        f"Keycloak answers {reply.status_code} for the realm {realm!r}.",
        "Read its log; the realm may be disabled, or ask for https.",
    )
