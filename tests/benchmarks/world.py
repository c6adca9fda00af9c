"""The world that all contenders live in: a realm, a downstream, a user, settings."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import django
import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from tests.benchmarks.stub import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT = "django-app"
SECRET = "only-for-benchmarks"
AUDIENCE = "orders-api"
SCOPE = "orders:read"
LATENCY = 0.1
"""Seconds until the token endpoint answers."""
_LIFETIME = 3600
_KID = "benchmark"
_TOKEN = "/protocol/openid-connect/token"


@dataclass(frozen=True)
class World:
    """Where everything is, and the key that signs the tokens."""

    url: str
    key: rsa.RSAPrivateKey

    @property
    def issuer(self) -> str:
        """The realm's issuer."""
        return f"{self.url}/realms/bench"

    @property
    def token_endpoint(self) -> str:
        """Where tokens are exchanged."""
        return self.issuer + _TOKEN

    @property
    def assertion_endpoint(self) -> str:
        """Where MSAL asks: it needs an account in the answer."""
        return f"{self.url}/realms/msal{_TOKEN}"

    @property
    def jwks(self) -> str:
        """Where the realm's keys are."""
        return f"{self.issuer}/protocol/openid-connect/certs"

    @property
    def base_url(self) -> str:
        """The downstream's BASE_URL."""
        return f"{self.url}/orders/"

    def token(self, audience: str = CLIENT) -> str:
        """Return a token of Alice as Keycloak signs it, another one at each call."""
        now = int(time.time())
        claims = {
            "exp": now + _LIFETIME, "iat": now, "jti": str(uuid4()),
            "iss": self.issuer, "aud": audience, "typ": "Bearer", "azp": CLIENT,
            "sub": "0b5f7d2c-8a57-4f6b-9f5d-0c7d5a4b1f10", "sid": "a-session",
            "acr": "1", "scope": f"openid profile email {SCOPE}",
            "realm_access": {"roles": ["default-roles-bench", "offline_access"]},
            "resource_access": {"account": {"roles": ["view-profile"]}},
            "name": "Alice Liddell", "preferred_username": "alice",
            "email": "alice@example.com", "email_verified": True,
        }  # fmt: skip
        return jwt.encode(claims, self.key, "RS256", headers={"kid": _KID})

    def exchanges(self) -> int:
        """Return how often the token endpoints have been asked."""
        counts = requests.get(self.url + COUNTS, timeout=5).json()
        return sum(n for path, n in counts.items() if path.endswith(_TOKEN))

    def routes(self) -> dict[str, Any]:
        """Return what the stub answers, by path."""
        reply = {
            "access_token": self.token(AUDIENCE),
            "expires_in": _LIFETIME,
            "token_type": "Bearer",
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "scope": f"openid profile email {SCOPE}",
        }
        account = urlsafe_b64encode(b'{"uid":"alice","utid":"bench"}').decode()
        discovery = {
            "issuer": self.issuer,
            "token_endpoint": self.token_endpoint,
            "jwks_uri": self.jwks,
            "authorization_endpoint": f"{self.issuer}/protocol/openid-connect/auth",
        }
        by_url = {
            f"{self.issuer}/.well-known/openid-configuration": {"body": discovery},
            self.jwks: {"body": {"keys": [self._jwk()]}},
            self.token_endpoint: {"body": reply, "seconds": LATENCY},
            self.assertion_endpoint: {
                "body": {**reply, "client_info": account},
                "seconds": LATENCY,
            },
            f"{self.base_url}v1": {"body": {"orders": [{"id": 1, "total": "12.50"}]}},
        }
        return {url.removeprefix(self.url): route for url, route in by_url.items()}

    def _jwk(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**public, "kid": _KID, "use": "sig", "alg": "RS256"}


@contextmanager
def running() -> Iterator[World]:
    """Start the stub and point Django's settings at it."""
    command = [sys.executable, "-m", "tests.benchmarks.stub"]
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as stub:
        assert stub.stdin is not None
        assert stub.stdout is not None
        port = int(stub.stdout.readline())
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        world = World(f"http://127.0.0.1:{port}", key)
        stub.stdin.write(json.dumps(world.routes()) + "\n")
        stub.stdin.flush()
        stub.stdout.readline()
        with TemporaryDirectory() as folder:
            _configure(world, Path(folder, "db.sqlite3"))
            yield world


def _configure(world: World, database: Path) -> None:
    settings.configure(
        SECRET_KEY="only-for-benchmarks-0123456789abcdefghijklmnopqrst",
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        LOGGING_CONFIG=None,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": database,
                "OPTIONS": {"timeout": 60, "init_command": "PRAGMA journal_mode=WAL"},
            }
        },
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "rest_framework",
            "kc_exchange",
        ],
        KC_EXCHANGE=_exchange_settings(world),
    )
    django.setup()


def _exchange_settings(world: World) -> dict[str, Any]:
    realm = {"ISSUER": world.issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET}
    return {
        "REALMS": {"default": realm},
        "DOWNSTREAMS": {AUDIENCE: {"BASE_URL": world.base_url, "SCOPES": [SCOPE]}},
    }
