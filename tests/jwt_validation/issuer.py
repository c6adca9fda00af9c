"""A realm as small as can be: its keys, its two documents and what it signs."""

from __future__ import annotations

import functools
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from kc_exchange.conf import Realm
from tests.jwt_validation.hostile import Server, http

AUDIENCE = "django-app"


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@functools.cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@functools.cache
def other_key(alg: str) -> Any:
    made = {
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
        "Ed448": ed448.Ed448PrivateKey.generate,
    }
    return made[alg]()


def jwk_of(private: Any, kid: str, alg: str = "RS256", **extra: Any) -> dict[str, Any]:
    public = jwt.get_algorithm_by_name(alg).to_jwk(private.public_key(), as_dict=True)
    public.pop("key_ops", None)
    return {**public, "kid": kid, "alg": alg, "use": "sig", **extra}


class Issuer:
    """Signs with the key "one" until told otherwise; the set it serves is `jwks`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = f"{server.url}/realms/demo"
        self.certs = "/realms/demo/certs"
        self.well_known = "/realms/demo/.well-known/openid-configuration"
        self.discovery()
        self.publish(jwk_of(rsa_key("one"), "one"))

    def discovery(self) -> None:
        """Serve the discovery document."""
        document = {
            "issuer": self.url,
            "jwks_uri": self.server.url + self.certs,
            "token_endpoint": f"{self.url}/token",
        }
        self.server.answers[self.well_known] = http(json.dumps(document).encode())

    def publish(self, *jwks: Any) -> None:
        """Serve a key set of these keys."""
        self.answer(json.dumps({"keys": list(jwks)}).encode())

    def answer(self, body: bytes) -> None:
        """Serve these bytes as the key set."""
        self.server.answers[self.certs] = http(body)

    @property
    def fetches(self) -> int:
        """How often the key set was asked for."""
        return self.server.hits[self.certs]

    def realm(self, **changed: Any) -> Realm:
        """The settings of this realm, with some changed."""
        given: dict[str, Any] = {
            "alias": "default",
            "issuer": self.url,
            "client_id": AUDIENCE,
            "audiences": frozenset({AUDIENCE}),
            "deadline": 2.0,
        }
        return Realm(**given | changed)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Good claims with some changed; `...` leaves one out."""
        now = int(time.time())
        good = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "4f1c8c1e-alice",
            "typ": "Bearer",
            "azp": "shop-web",
            "iat": now,
            "exp": now + 300,
            "scope": "openid orders:read",
            "preferred_username": "alice",
            "realm_access": {"roles": ["staff"]},
            "resource_access": {"orders-api": {"roles": ["reader"]}},
        }
        return {k: v for k, v in (good | changed).items() if v is not ...}

    def token(self, **changed: Any) -> str:
        """A good token with some claims changed."""
        return self.sign(self.claims(**changed))

    def sign(
        self,
        claims: dict[str, Any],
        *,
        private: Any = None,
        alg: str = "RS256",
        **headers: Any,
    ) -> str:
        """Sign claims; `...` as a header leaves it out."""
        header = {"alg": alg, "typ": "JWT", "kid": "one"} | headers
        header = {name: value for name, value in header.items() if value is not ...}
        return self.sign_raw(json.dumps(header), json.dumps(claims), private, alg)

    def sign_raw(
        self,
        header: str | bytes,
        payload: str | bytes,
        private: Any = None,
        alg: str = "RS256",
    ) -> str:
        """Sign bytes as they are, whatever they say."""
        parts = [p.encode() if isinstance(p, str) else p for p in (header, payload)]
        signed = ".".join(map(b64, parts))
        key = private if private is not None else rsa_key("one")
        signature = jwt.get_algorithm_by_name(alg).sign(signed.encode(), key)
        return f"{signed}.{b64(signature)}"
