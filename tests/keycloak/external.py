"""Tokens that the provider beside the servers issues, true ones and others."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.keycloak.provider import profile
from tests.keycloak.realms import PARTNER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.keycloak.servers import Server
    from tests.keycloak.steps import Step

STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
"""A key that nobody publishes."""


@dataclass(frozen=True)
class External:
    """A token signed by the provider: an ID token of `name` for somebody else.

    `path` tells one issuer of the provider from the others, times are in seconds from
    now, and a claim that is None is left out.
    """

    name: str = "gus"
    path: str = ""
    audience: str | tuple[str, ...] = "somebody-else"
    kind: str | None = "ID"
    lifetime: int | None = 300
    age: int | None = 0
    not_before: int | None = None
    key: str = "k1"
    kid: str | None = "k1"
    algorithm: str = "RS256"
    claims: Mapping[str, Any] = field(default_factory=dict)

    def obtain(self, server: Server) -> str:
        """Sign the token."""
        headers = {} if self.kid is None else {"kid": self.kid}
        claims = self.told(server) | dict(self.claims)
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self._key(server), self.algorithm, headers)

    def _key(self, server: Server) -> Any:
        if self.algorithm == "none":
            return None
        if self.algorithm.startswith("HS"):
            return server.provider.jwks
        known = {"k1": server.provider.rsa_key, "e1": server.provider.ec_key}
        return known.get(self.key, STRANGER)

    def told(self, server: Server) -> dict[str, Any]:
        """The claims, with None where there is none."""
        now = int(time.time())
        return {
            "iss": server.provider.url + self.path,
            "aud": self._audience(server),
            "typ": self.kind,
            "jti": str(uuid.uuid4()),
            "exp": None if self.lifetime is None else now + self.lifetime,
            "iat": None if self.age is None else now - self.age,
            "nbf": None if self.not_before is None else now + self.not_before,
            **profile(self.name),
        }

    def _audience(self, server: Server) -> Any:
        places = {"issuer": server.issuer, "token": server.endpoint("token")}
        named = [self.audience] if isinstance(self.audience, str) else self.audience
        filled = [one.format(**places) for one in named]
        return filled[0] if isinstance(self.audience, str) else filled


@dataclass(frozen=True)
class Newcomer:
    """An opaque token of a person whom no realm has ever seen."""

    kind: str = "opaque"

    def obtain(self, server: Server) -> str:  # noqa: ARG002 - a Step
        """Make up a name."""
        return f"{self.kind}-new-{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True)
class At:
    """Something that is obtained in another realm of the same server."""

    step: Step
    realm: str = PARTNER

    def obtain(self, server: Server) -> str:
        """Go there and obtain it."""
        return self.step.obtain(server.of(self.realm))


@dataclass(frozen=True)
class Spelled:
    """A text that holds the addresses of this server and of the provider."""

    text: str

    def obtain(self, server: Server) -> str:
        """Fill them in."""
        return self.text.format(server=server.url, provider=server.provider.url)
