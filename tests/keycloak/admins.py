"""What an administrator does to a realm, on either server."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import requests

from tests.keycloak.broker_login import log_in
from tests.keycloak.realms import PARTNER, REALM
from tests.keycloak.servers import EXCHANGE_EVENT, GRANT_EVENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.testing import EmbeddedKeycloak
    from tests.keycloak.servers import BrokerLogin


@dataclass
class RealAdmin:
    """The admin REST API of a real Keycloak."""

    url: str
    username: str
    password: str
    realm: str = REALM["realm"]
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.http.trust_env = False

    def of(self, realm: str) -> RealAdmin:
        """The same server's administrator of another realm."""
        return replace(self, realm=realm)

    def _user(self, username: str) -> str:
        path = f"/{self.realm}/users?username={username}&exact=true"
        found = self.call("GET", path).json()
        return f"/{self.realm}/users/{found[0]['id']}"

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
        changed = self.call("PUT", self._user(username), {"enabled": enabled})
        assert changed.status_code == 204, changed.text

    def end_sessions(self, username: str) -> None:
        """Log the user out everywhere."""
        done = self.call("POST", f"{self._user(username)}/logout")
        assert done.status_code == 204, done.text

    def rotate_keys(self) -> None:
        """Add a key that goes before the present one."""
        component = {
            "name": "a newer key",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "config": {"priority": ["200"], "algorithm": ["RS256"]},
        }
        made = self.call("POST", f"/{self.realm}/components", component)
        assert made.status_code == 201, made.text

    def sessions(self, username: str) -> set[str]:
        """The ids of the user's sessions."""
        found = self.call("GET", f"{self._user(username)}/sessions").json()
        return {session["id"] for session in found}

    def last_exchange(self) -> dict[str, Any]:
        """What the server's own event says of the last token exchange."""
        return self._last("TOKEN_EXCHANGE", EXCHANGE_EVENT)

    def last_grant(self) -> dict[str, Any]:
        """What it says of the last JWT authorization grant."""
        return self._last("JWT_AUTHORIZATION_GRANT", GRANT_EVENT)

    def _last(self, kind: str, names: tuple[str, ...]) -> dict[str, Any]:
        kinds = f"type={kind}&type={kind}_ERROR"
        found = self.call("GET", f"/{self.realm}/events?max=1&{kinds}").json()
        details = found[0]["details"]
        return {name: details.get(name) for name in names}

    def broker_login(self, login: BrokerLogin) -> str:
        """The access token of a person who logged in through a provider."""
        return log_in(f"{self.url}/realms/{self.realm}", login)


@dataclass
class EmbeddedAdmin:
    """The embedded Keycloak's own controls."""

    embedded: EmbeddedKeycloak
    realm: str = REALM["realm"]

    def of(self, realm: str) -> EmbeddedAdmin:
        """The same server's administrator of another realm."""
        return replace(self, realm=realm)

    def set_user_enabled(self, username: str, enabled: bool) -> None:
        """Let the user in, or shut them out."""
        self.embedded.set_user_enabled(username, enabled, realm=self.realm)

    def end_sessions(self, username: str) -> None:
        """Log the user out everywhere."""
        self.embedded.logout(self.realm, username)

    def rotate_keys(self) -> None:
        """Add a key that goes before the present one."""
        self.embedded.rotate_keys(self.realm)

    def sessions(self, username: str) -> set[str]:
        """The ids of the user's sessions."""
        return set(self.embedded.sessions(self.realm, username))

    def last_exchange(self) -> dict[str, Any]:
        """What the server's own record says of the last token exchange."""
        record = self.embedded.exchanges[-1]
        return {name: getattr(record, name) for name in EXCHANGE_EVENT}

    def last_grant(self) -> dict[str, Any]:
        """What it says of the last JWT authorization grant."""
        record = self.embedded.jwt_grants[-1]
        return {name: getattr(record, name) for name in GRANT_EVENT}

    def broker_login(self, login: BrokerLogin) -> str:
        """The access token of a person who logged in through a provider."""
        token, lasting = self._said(login)
        return self.embedded.broker_token(
            self.realm,
            login.person,
            login.alias,
            client_id=login.client,
            token=token,
            refresh_token=login.refresh,
            expires_at=None if lasting is None else time.time() + lasting,
        )

    def _said(self, login: BrokerLogin) -> tuple[str, int | None]:
        """What the provider says of its token, and of how long it is good."""
        person = login.person
        if login.alias == "partner":
            token = self.embedded.token(
                PARTNER, person, client_id="portal", scope="openid"
            )
            return token, 300
        kind = "gho_" if login.alias == "github" else "opaque-"
        return kind + person, login.expires_in
