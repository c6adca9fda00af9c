"""What an administrator does to the realm, on either server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from tests.keycloak.servers import EXCHANGE_EVENT, REALM, USER_IDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.testing import EmbeddedKeycloak


@dataclass
class RealAdmin:
    """The admin REST API of a real Keycloak."""

    url: str
    username: str
    password: str
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.http.trust_env = False

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Ask the admin API with a fresh token; they live for one minute."""
        form = {
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": self.username,
            "password": self.password,
        }
        token = self.http.post(
            f"{self.url}/realms/master/protocol/openid-connect/token",
            data=form,
            timeout=30,
        )
        assert token.status_code == 200, f"the admin cannot log in: {token.json()}"
        return self.http.request(
            method,
            f"{self.url}/admin/realms{path}",
            json=body,
            headers={"Authorization": f"Bearer {token.json()['access_token']}"},
            timeout=60,
        )

    def import_realm(self, realm: Mapping[str, Any]) -> None:
        """Replace the realm, if it is there, by this export."""
        gone = self.call("DELETE", f"/{realm['realm']}")
        assert gone.status_code in {204, 404}, gone.text
        made = self.call("POST", "", realm)
        assert made.status_code == 201, made.text

    def set_user_enabled(self, username: str, enabled: bool) -> None:
        """Let the user in, or shut them out."""
        path = f"/{REALM['realm']}/users/{USER_IDS[username]}"
        changed = self.call("PUT", path, {"enabled": enabled})
        assert changed.status_code == 204, changed.text

    def end_sessions(self, username: str) -> None:
        """Log the user out everywhere."""
        path = f"/{REALM['realm']}/users/{USER_IDS[username]}/logout"
        done = self.call("POST", path)
        assert done.status_code == 204, done.text

    def rotate_keys(self) -> None:
        """Add a key that goes before the present one."""
        component = {
            "name": "a newer key",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "config": {"priority": ["200"], "algorithm": ["RS256"]},
        }
        made = self.call("POST", f"/{REALM['realm']}/components", component)
        assert made.status_code == 201, made.text

    def sessions(self, username: str) -> set[str]:
        """The ids of the user's sessions."""
        path = f"/{REALM['realm']}/users/{USER_IDS[username]}/sessions"
        return {session["id"] for session in self.call("GET", path).json()}

    def last_exchange(self) -> dict[str, Any]:
        """What the server's own event says of the last token exchange."""
        kinds = "type=TOKEN_EXCHANGE&type=TOKEN_EXCHANGE_ERROR"
        found = self.call("GET", f"/{REALM['realm']}/events?max=1&{kinds}").json()
        details = found[0]["details"]
        return {name: details.get(name) for name in EXCHANGE_EVENT}


@dataclass
class EmbeddedAdmin:
    """The embedded Keycloak's own controls."""

    embedded: EmbeddedKeycloak

    def set_user_enabled(self, username: str, enabled: bool) -> None:
        """Let the user in, or shut them out."""
        self.embedded.set_user_enabled(username, enabled, realm=REALM["realm"])

    def end_sessions(self, username: str) -> None:
        """Log the user out everywhere."""
        self.embedded.logout(REALM["realm"], username)

    def rotate_keys(self) -> None:
        """Add a key that goes before the present one."""
        self.embedded.rotate_keys(REALM["realm"])

    def sessions(self, username: str) -> set[str]:
        """The ids of the user's sessions."""
        return set(self.embedded.sessions(REALM["realm"], username))

    def last_exchange(self) -> dict[str, Any]:
        """What the server's own record says of the last token exchange."""
        record = self.embedded.exchanges[-1]
        return {name: getattr(record, name) for name in EXCHANGE_EVENT}
