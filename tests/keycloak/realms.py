"""The realms of the table, as a server at some address imports them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from tests.keycloak.provider import Provider

FOLDER = Path(__file__).parent
REALM = json.loads((FOLDER / "conformance-realm.json").read_text())
USER_IDS = {user["username"]: user["id"] for user in REALM["users"]}
SHOP_FILE = FOLDER.parents[1] / "exampleproject/keycloak/shop-realm.json"

PARTNER, BROKER, STRICT = (
    f"conformance-{name}" for name in ("partner", "broker", "strict")
)
"""One realm's users come to the next one, through identity providers of it."""
FILES = {
    PARTNER: FOLDER / "partner-realm.json",
    BROKER: FOLDER / "broker-realm.json",
    STRICT: FOLDER / "strict-realm.json",
}


def shop_realm() -> dict[str, Any]:
    """The demo's realm under another name, lest a running demo lose its own."""
    text = SHOP_FILE.read_text().replace(
        "default-roles-shop", "default-roles-shop-copy"
    )
    realm: dict[str, Any] = json.loads(text) | {"realm": "shop-copy"}
    for entry in realm["users"] + realm["clients"]:
        entry.pop("id", None)
    for provider in realm["identityProviders"]:
        fresh = str(uuid4())
        text = json.dumps(realm).replace(provider["internalId"], fresh)
        realm = json.loads(text)
    return realm


def brokering_realms(provider: Provider, server: str = "") -> list[dict[str, Any]]:
    """The realms with identity providers; `server` is the address they lie at.

    Without an address `${server}` stays, which the embedded Keycloak replaces itself.
    """
    places = {
        "${provider}": provider.url,
        "${provider_key}": provider.pem,
        "${provider_jwks}": provider.jwks,
    }
    if server:
        places["${server}"] = server
    return [json.loads(_filled(path.read_text(), places)) for path in FILES.values()]


def _filled(text: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(place, json.dumps(value)[1:-1])
    return text


def public_clients() -> frozenset[str]:
    """The clients that have no secret, of whichever realm."""
    realms = [REALM, *(json.loads(path.read_text()) for path in FILES.values())]
    return frozenset(
        client["clientId"]
        for realm in realms
        for client in realm["clients"]
        if client.get("publicClient")
    )


def id_of(realm: str, username: str) -> str:
    """The id of a user whom the realm's file lists."""
    users = json.loads(FILES[realm].read_text())["users"] if realm in FILES else []
    found = {user["username"]: str(user["id"]) for user in users}
    return found[username] if found else str(USER_IDS[username])
