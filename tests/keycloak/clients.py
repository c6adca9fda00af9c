"""How a client says who it is."""

from __future__ import annotations

import base64
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

import jwt

from tests.keycloak.servers import FOLDER, JWT_BEARER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.keycloak.servers import Server

KEY_FILE = FOLDER / "signed-app-key.pem"

Pairs = list[tuple[str, str]]


class Client(Protocol):
    """One way of client authentication."""

    def sign(self, server: Server) -> tuple[Pairs, dict[str, str]]:
        """The form parameters and headers that it adds."""


@dataclass(frozen=True)
class Basic:
    """HTTP Basic, with both parts form-encoded as RFC 6749 wants it."""

    name: str = "django-app"
    secret: str | None = None

    def sign(self, server: Server) -> tuple[Pairs, dict[str, str]]:  # noqa: ARG002
        """Add the header."""
        secret = f"{self.name}-secret" if self.secret is None else self.secret
        pair = f"{quote(self.name, safe='')}:{quote(secret, safe='')}"
        encoded = base64.b64encode(pair.encode()).decode()
        return [], {"Authorization": f"Basic {encoded}"}


@dataclass(frozen=True)
class Post:
    """The secret as a form parameter."""

    name: str = "django-app"
    secret: str | None = None

    def sign(self, server: Server) -> tuple[Pairs, dict[str, str]]:  # noqa: ARG002
        """Add name and secret to the form."""
        secret = f"{self.name}-secret" if self.secret is None else self.secret
        return [("client_id", self.name), ("client_secret", secret)], {}


@dataclass(frozen=True)
class Public:
    """A name alone."""

    name: str

    def sign(self, server: Server) -> tuple[Pairs, dict[str, str]]:  # noqa: ARG002
        """Add the name to the form."""
        return [("client_id", self.name)], {}


@dataclass(frozen=True)
class Nobody:
    """No word of who is asking."""

    def sign(self, server: Server) -> tuple[Pairs, dict[str, str]]:  # noqa: ARG002
        """Add nothing."""
        return [], {}


@dataclass(frozen=True)
class Signed:
    """An assertion signed with the client's own key (private_key_jwt)."""

    name: str = "signed-app"
    audience: str = "{issuer}"
    lifetime: int = 30
    algorithm: str = "RS256"
    claims: Mapping[str, Any] = field(default_factory=dict)
    forged: bool = False

    def sign(self, server: Server) -> tuple[Pairs, dict[str, str]]:
        """Add the assertion to the form."""
        return [
            ("client_id", self.name),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", self.assertion(server)),
        ], {}

    def assertion(self, server: Server) -> str:
        """The signed assertion, or one that somebody meddled with."""
        now = int(time.time())
        claims = {
            "iss": self.name,
            "sub": self.name,
            "aud": self.audience.format(
                issuer=server.issuer, token=server.endpoint("token")
            ),
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + self.lifetime,
            **self.claims,
        }
        signed = jwt.encode(
            claims, KEY_FILE.read_bytes(), self.algorithm, {"kid": "signed-app"}
        )
        return signed[:-8] + signed[-8:][::-1] if self.forged else signed
