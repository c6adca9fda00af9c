"""One small face of the embedded server for all its tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

import kc_exchange.testing
from kc_exchange.testing import EmbeddedKeycloak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REALM = json.loads(
    Path(kc_exchange.testing.__file__).with_name("realm.json").read_text()
)
TYPE = "urn:ietf:params:oauth:token-type:"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
APP = ("django-app", "django-app-secret")


@dataclass
class Asker:
    """Sends requests to the realm `test` of one embedded server."""

    keycloak: EmbeddedKeycloak
    http: requests.Session = field(default_factory=requests.Session)

    def url(self, path: str) -> str:
        """The address of an OpenID Connect endpoint."""
        return f"{self.keycloak.issuer('test')}/protocol/openid-connect/{path}"

    def post(
        self, path: str, auth: tuple[str, str] | None = APP, **form: Any
    ) -> requests.Response:
        """Post a form with the client's name and secret."""
        return self.http.post(
            self.url(path), data=form, auth=auth, timeout=10, allow_redirects=False
        )

    def login(self, username: str = "alice", **form: Any) -> dict[str, Any]:
        """Take the password grant."""
        credentials: dict[str, Any] = {
            "username": username,
            "password": f"{username}-password",
        }
        reply = self.post("token", grant_type="password", **credentials, **form)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def exchange(self, token: str | None = None, **changes: Any) -> requests.Response:
        """Ask for orders-api; a change to None leaves a parameter out."""
        form = {
            "grant_type": EXCHANGE,
            "subject_token": token or self.token(),
            "subject_token_type": f"{TYPE}access_token",
            "audience": "orders-api",
            "scope": "orders:read",
            **changes,
        }
        return self.post("token", **{k: v for k, v in form.items() if v is not None})

    def token(self, username: str = "alice") -> str:
        """A fresh access token, made without a request."""
        return self.keycloak.token("test", username, client_id="django-app")

    def active(self, token: str, client: str = "orders-api") -> bool:
        """Whether introspection by this client calls the token active."""
        auth = (client, f"{client}-secret")
        known = self.post("token/introspect", auth, token=token).json()
        return bool(known["active"])


def refusal(reply: requests.Response) -> tuple[int, str, str]:
    """Status, error and description of a refusal."""
    body = reply.json()
    return reply.status_code, body["error"], body["error_description"]


@pytest.fixture(scope="session")
def _server() -> Iterator[EmbeddedKeycloak]:
    with EmbeddedKeycloak(REALM) as keycloak:
        yield keycloak


@pytest.fixture
def keycloak(_server: EmbeddedKeycloak) -> Iterator[EmbeddedKeycloak]:
    """A running server that nothing has happened to."""
    _server.reset()
    yield _server
    _server.reset()


@pytest.fixture
def ask(keycloak: EmbeddedKeycloak) -> Iterator[Asker]:
    """Requests to that server."""
    with requests.Session() as http:
        http.trust_env = False
        yield Asker(keycloak, http)


@pytest.fixture
def ask_changed() -> Iterator[Callable[..., Asker]]:
    """Return a function that starts a server of its own with a changed realm."""
    started: list[Asker] = []

    def start(**changes: Any) -> Asker:
        asker = Asker(EmbeddedKeycloak({**REALM, **changes}).start())
        started.append(asker)
        return asker

    yield start
    for asker in started:
        asker.http.close()
        asker.keycloak.stop()
