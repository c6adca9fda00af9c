"""The realm: that of the example project, with a hundred customers, and operators."""

from __future__ import annotations

import json
from typing import Any

from tests.cluster.services import ROOT, UVICORN, Keycloak
from tests.keycloak.admins import RealAdmin
from tests.real_keycloak import administrator

REALM = "cluster"
CLIENTS = {
    name: f"the-secret-of-{name}-0123456789abcdef" for name in ("shop", "shop-support")
}
CUSTOMERS = [f"customer-{number:03}" for number in range(100)]
OPERATORS = [f"operator-{number}" for number in range(6)]
_FILE = ROOT / "exampleproject/keycloak/shop-realm.json"


def document(lifespan: int) -> dict[str, Any]:
    """Return the realm, as the admin API imports it; tokens last so many seconds."""
    text = _FILE.read_text().replace("default-roles-shop", f"default-roles-{REALM}")
    realm: dict[str, Any] = json.loads(text)
    wanted = {*CLIENTS, "orders-api", "realm-management"}
    clients = [c for c in realm["clients"] if c["clientId"] in wanted]
    for client in clients:
        for setting in ("authorizationSettings", "authorizationServicesEnabled"):
            client.pop(setting, None)
        if client["clientId"] in CLIENTS:
            client["secret"] = CLIENTS[client["clientId"]]
            client["attributes"]["access.token.lifespan"] = str(lifespan)
        if client["clientId"] == "shop":
            address = f"http://127.0.0.1:{UVICORN}/kc/backchannel-logout/"
            client["attributes"]["backchannel.logout.url"] = address
    customers = [_person(name, "customer") for name in CUSTOMERS]
    operators = [_person(name, "staff", "support") for name in OPERATORS]
    return realm | {
        "realm": REALM,
        "clients": clients,
        "users": customers + operators,
        "identityProviders": [],
        # A hundred passwords are hashed at the import, and again at each login.
        "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
    }


def _person(name: str, *roles: str) -> dict[str, Any]:
    return {
        "username": name,
        "enabled": True,
        "emailVerified": True,
        "email": f"{name}@example.com",
        "firstName": name.capitalize(),
        "lastName": "Example",
        "credentials": [{"type": "password", "value": f"{name}-password"}],
        "realmRoles": [f"default-roles-{REALM}", *roles],
    }


class Realm:
    """The realm, as its administrator sees it."""

    def __init__(self, keycloak: Keycloak) -> None:
        self.issuer = f"{keycloak.url}/realms/{REALM}"
        self._admin = RealAdmin(keycloak.url, *administrator(), realm=REALM)

    def make(self, lifespan: int) -> None:
        """Import it; tokens last so many seconds."""
        self._admin.import_realm(document(lifespan))

    def forget_events(self) -> None:
        """Count from now on."""
        gone = self._admin.call("DELETE", f"/{REALM}/events")
        assert gone.status_code == 204, gone.text

    def exchanges(self) -> list[str]:
        """Return for whom tokens were exchanged, by Keycloak's own record."""
        path = f"/{REALM}/events?type=TOKEN_EXCHANGE&max=5000"
        return [event["userId"] for event in self._admin.call("GET", path).json()]

    def end_sessions(self, username: str) -> None:
        """Log somebody out, as an administrator does; every client is told."""
        self._admin.end_sessions(username)
