"""The admin REST API of a real Keycloak, as far as a realm is made and broken by it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import requests

_TOKEN_LIVES = 40
"""Seconds; the real one lives for a minute."""


@dataclass
class Admin:
    """One administrator of one server."""

    url: str
    username: str = "admin"
    password: str = "admin"
    http: requests.Session = field(default_factory=requests.Session)
    _token: tuple[str, float] = ("", 0.0)

    def __post_init__(self) -> None:
        self.http.trust_env = False

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the admin API, which must not refuse; return what it says."""
        reply = self.http.request(
            method,
            f"{self.url}/admin/realms{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._fresh()}"},
            timeout=60,
        )
        assert reply.status_code < 300, f"{method} {path}: {reply.text}"
        if "Location" in reply.headers and not reply.content:
            return reply.headers["Location"].rpartition("/")[2]
        return reply.json() if reply.content else None

    def import_realm(self, realm: dict[str, Any]) -> None:
        """Put this realm in the place of the one of its name."""
        if any(r["realm"] == realm["realm"] for r in self.call("GET", "")):
            self.call("DELETE", f"/{realm['realm']}")
        self.call("POST", "", realm)
        # The roles of a new realm are in new tokens alone.
        self._token = ("", 0.0)

    def client(self, realm: str, name: str) -> dict[str, Any]:
        """Return a client."""
        found: list[dict[str, Any]] = self.call("GET", f"/{realm}/clients")
        return next(c for c in found if c["clientId"] == name)

    def scope(self, realm: str, name: str) -> dict[str, Any]:
        """Return a client scope."""
        found: list[dict[str, Any]] = self.call("GET", f"/{realm}/client-scopes")
        return next(s for s in found if s["name"] == name)

    def user(self, realm: str, name: str) -> dict[str, Any]:
        """Return a user."""
        found = self.call("GET", f"/{realm}/users?exact=true&username={name}")
        return dict(found[0])

    def permit(self, realm: str, provider: str, name: str) -> None:
        """Let a client exchange tokens of an identity provider (permissions of v1)."""
        place = f"/{realm}/identity-provider/instances/{provider}"
        permissions = f"{place}/management/permissions"
        made = self.call("PUT", permissions, {"enabled": True})
        permission = made["scopePermissions"]["token-exchange"]
        manager = self.client(realm, "realm-management")["id"]
        base = f"/{realm}/clients/{manager}/authz/resource-server"
        wanted = {
            "name": f"{name} may exchange tokens of {provider}",
            "clients": [self.client(realm, name)["id"]],
            "logic": "POSITIVE",
        }
        policy = self.call("POST", f"{base}/policy/client", wanted)["id"]
        path = f"{base}/permission/scope/{permission}"
        parts = f"{base}/policy/{permission}"
        whole = {
            **self.call("GET", path),
            "resources": [r["_id"] for r in self.call("GET", f"{parts}/resources")],
            "scopes": [s["id"] for s in self.call("GET", f"{parts}/scopes")],
            "policies": [policy],
            "decisionStrategy": "AFFIRMATIVE",
        }
        self.call("PUT", path, whole)

    def _fresh(self) -> str:
        token, until = self._token
        if time.monotonic() < until:
            return token
        form = {
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": self.username,
            "password": self.password,
        }
        url = f"{self.url}/realms/master/protocol/openid-connect/token"
        reply = self.http.post(url, data=form, timeout=30)
        assert reply.status_code == 200, f"the admin cannot log in: {reply.json()}"
        found: str = reply.json()["access_token"]
        self._token = (found, time.monotonic() + _TOKEN_LIVES)
        return found
