"""Proofs of possession (RFC 9449) by keys made for one run."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

if TYPE_CHECKING:
    from tests.keycloak.servers import Server
    from tests.keycloak.steps import Login


@cache
def private_key(name: str) -> ec.EllipticCurvePrivateKey:
    """The key of this name, the same one for the whole run."""
    del name
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(name: str) -> dict[str, str]:
    """The public half, as a proof carries it."""
    full = ECAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    return {member: full[member] for member in ("crv", "kty", "x", "y")}


def thumbprint(name: str) -> str:
    """The key's thumbprint (RFC 7638), as `cnf.jkt` holds it."""
    canonical = json.dumps(public_jwk(name), sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class Proof:
    """A DPoP header for one request."""

    key: str = "first"
    path: str = "token"
    method: str = "POST"
    age: int = 0

    def obtain(self, server: Server) -> str:
        """Sign the proof."""
        claims = {
            "htm": self.method,
            "htu": server.endpoint(self.path),
            "iat": int(time.time()) - self.age,
            "jti": str(uuid.uuid4()),
        }
        header = {"typ": "dpop+jwt", "jwk": public_jwk(self.key)}
        return jwt.encode(claims, private_key(self.key), "ES256", header)


@dataclass(frozen=True)
class Used:
    """A proof that was good once already."""

    proof: Proof

    def obtain(self, server: Server) -> str:
        """Sign it, and use it for a token of the service account."""
        signed = self.proof.obtain(server)
        form = {
            "grant_type": "client_credentials",
            "client_id": "django-app",
            "client_secret": "django-app-secret",
        }
        reply = server.post("token", form, headers={"DPoP": signed})
        assert reply.json()["token_type"] == "DPoP", reply.text
        return signed


@dataclass(frozen=True)
class Bound:
    """The token of a login that is bound to a key."""

    login: Login
    key: str = "first"

    def obtain(self, server: Server) -> str:
        """Log in with a proof and return the bound token."""
        proof = Proof(self.key).obtain(server)
        reply = self.login.reply(server, {"DPoP": proof})
        return str(reply["access_token"])
