"""A real Keycloak: its administrator, its people's tokens, and what it was told."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from kc_exchange.provision import Server
from kc_exchange.provision.access import Access
from tests.keycloak.admins import RealAdmin
from tests.provision.company import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass
class Keycloak:
    """One that runs, with no realm of the company's in it."""

    url: str
    features: str
    username: str = "admin"
    password: str = "admin"
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.http.trust_env = False
        self.admin = RealAdmin(self.url, self.username, self.password)

    @property
    def server(self) -> Server:
        """The same server as provision sees it."""
        access = Access(url=self.url, username=self.username, password=self.password)
        return Server(access)

    @property
    def environment(self) -> dict[str, str]:
        """What provision finds in the environment."""
        return {
            "KEYCLOAK_ADMIN_USERNAME": self.username,
            "KEYCLOAK_ADMIN_PASSWORD": self.password,
        }

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the admin API for something that must not fail."""
        reply = self.admin.call(method, path, body)
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def client(self, realm: str, client_id: str) -> dict[str, Any]:
        """A client of a realm."""
        found: list[dict[str, Any]]
        found = self.call("GET", f"/{realm}/clients?clientId={client_id}")
        return found[0]

    def tokens(self, realm: str, user: str, secret: str) -> dict[str, Any]:
        """What a login of that person at client `app` brings."""
        form = {
            "grant_type": "password",
            "client_id": "app",
            "client_secret": secret,
            "username": user,
            "password": PASSWORD,
            "scope": "openid",
        }
        where = f"{self.url}/realms/{realm}/protocol/openid-connect/token"
        reply = self.http.post(where, data=form, timeout=30)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    @contextmanager
    def without(self, realms: Iterable[str]) -> Iterator[None]:
        """See that there are no such realms, before and after the block."""
        names = list(realms)
        self._delete(names)
        try:
            yield
        finally:
            self._delete(names)

    def _delete(self, names: Iterable[str]) -> None:
        for name in names:
            gone = self.admin.call("DELETE", f"/{name}")
            assert gone.status_code in {204, 404}, gone.text
