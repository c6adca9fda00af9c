"""A server that answers the questions of `doctor` one by one, each as a test wants."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.servers import FaultServer
from tests.servers.acts import grants, replies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.acts import Act, Wire

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PATHS = "/protocol/openid-connect"
SIZE = "The size of OIDC parameter 'subject_token' is longer than allowed."
NO_LEGACY = "Parameter 'requested_subject' is not supported for standard token exchange"


def refuses(status: int, error: str, description: str, *headers: str) -> Act:
    """Refuse in these words."""
    body = json.dumps({"error": error, "error_description": description})
    return replies(body, status, *headers)


def keys() -> Act:
    """Answer with a key set."""
    jwk = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    listed = [{**jwk, "kid": "one", "use": "sig", "alg": "RS256"}]
    return replies(json.dumps({"keys": listed}))


def token_of(issuer: str, **changes: Any) -> str:
    """Return a user's token that the double has signed; None takes a claim out."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "sub": "alice",
        "sid": "session-of-alice",
        "aud": ["django-app", "account"],
        "azp": "frontend",
        "typ": "Bearer",
        "jti": "onrtro:1",
        "iat": now,
        "exp": now + 300,
        "scope": "openid",
        **changes,
    }
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(said, KEY, "RS256", {"kid": "one"})


def challenges(description: str, status: int = 401) -> Act:
    """Refuse user info, as Keycloak does."""
    words = f'error="invalid_token", error_description="{description}"'
    challenge = f'WWW-Authenticate: Bearer realm="shop", {words}'
    return replies("", status, challenge)


def owns(**claims: Any) -> Act:
    """Grant a token of the service account."""
    now = int(time.time())
    said = {"iat": now, "exp": now + 120, "jti": "trrtcc:1", "sid": None}
    return grants({}, {**said, **claims})


@dataclass
class Double:
    """What is answered to which question."""

    keys: Act = field(default_factory=keys)
    userinfo: Act = field(default_factory=lambda: replies('{"sub": "alice"}'))
    own: Act = field(default_factory=owns)
    features: Act = field(
        default_factory=lambda: refuses(400, "invalid_request", NO_LEGACY)
    )
    size: Act = field(default_factory=lambda: refuses(400, "invalid_request", SIZE))
    switch: Act = field(
        default_factory=lambda: refuses(400, "invalid_request", "Invalid token")
    )
    exchange: Act = field(
        default_factory=lambda: grants(
            {}, {"iat": int(time.time()), "exp": int(time.time()) + 120}
        )
    )

    login: Act = field(
        default_factory=lambda: replies(
            '{"access_token": "an-admins", "refresh_token": "to-end-it"}'
        )
    )
    info: Act = field(
        default_factory=lambda: replies(
            '{"systemInfo": {"version": "26.7.4"}, "features": []}'
        )
    )
    logout: Act = field(default_factory=lambda: replies("", 204))

    def __call__(self, wire: Wire) -> bool:
        """Answer one question."""
        act = self._of_an_administrator(wire.seen.path) or self._act(wire)
        return act(wire)

    def _of_an_administrator(self, path: str) -> Act | None:
        if path.endswith("/admin/serverinfo"):
            return self.info
        if "/realms/master/" in path:
            return self.logout if path.endswith("/logout") else self.login
        return None

    def _act(self, wire: Wire) -> Act:
        form = wire.seen.form
        if wire.seen.method == "GET":
            return self.keys if wire.seen.path.endswith("/certs") else self.userinfo
        if form.get("grant_type") == "client_credentials":
            return self.own
        if "requested_subject" in form:
            return self.features
        if len(form.get("subject_token", "")) > 20_000:
            return self.size
        return self.exchange if "audience" in form else self.switch


class Patient(FaultServer):
    """A server that takes its time with the discovery document."""

    pause = 0.0

    def _discover(self, line: Any) -> bool:
        self._stopping.wait(self.pause)
        return super()._discover(line)


@contextmanager
def double(settings: Any, **answers: Act) -> Iterator[Patient]:
    """Yield a server, and settings that lead to it, for one downstream."""
    with Patient(Double(**answers)) as server:
        server.discovery = {
            "token_endpoint": f"{server.issuer}{PATHS}/token",
            "jwks_uri": f"{server.issuer}{PATHS}/certs",
            "userinfo_endpoint": f"{server.issuer}{PATHS}/userinfo",
        }
        settings.KC_EXCHANGE = {
            "REALMS": {
                "default": {
                    "ISSUER": server.issuer,
                    "CLIENT_ID": "django-app",
                    "CLIENT_SECRET": "a-secret-of-the-requester",
                    "DEADLINE": 1.0,
                }
            },
            "DOWNSTREAMS": {
                "orders-api": {
                    "BASE_URL": f"{server.url}/",
                    "SCOPES": ["orders:read"],
                }
            },
        }
        yield server
