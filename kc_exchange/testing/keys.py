"""Keep a realm's keys and sign with them."""

from __future__ import annotations

import hashlib
import secrets
import threading
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]


def b64url(raw: bytes) -> str:
    """Encode bytes as base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class SigningKey:
    """Hold one RSA key of a realm and what the world may know of it."""

    private: rsa.RSAPrivateKey = field(repr=False)
    subject: str
    algorithm: str = "RS256"

    @classmethod
    def generate(cls, subject: str, algorithm: str = "RS256") -> SigningKey:
        """Make a fresh key of 2048 bits."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return cls(key, subject, algorithm)

    @cached_property
    def kid(self) -> str:
        """Return the key's id: a hash of the public key."""
        return b64url(hashlib.sha256(self.public_der).digest())

    @cached_property
    def public_der(self) -> bytes:
        """Return the public key as DER."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )

    @cached_property
    def certificate(self) -> bytes:
        """Return a self-signed certificate of the key as DER."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.subject)])
        start = datetime.now(UTC) - timedelta(minutes=1)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        builder = builder.public_key(self.private.public_key()).serial_number(
            x509.random_serial_number()
        )
        builder = builder.not_valid_before(start)
        builder = builder.not_valid_after(start + timedelta(days=3650))
        signed = builder.sign(self.private, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.DER)

    @cached_property
    def jwk(self) -> Json:
        """Return the public half as Keycloak publishes it (RFC 7517)."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(
            self.private.public_key(), as_dict=True
        )
        return {
            "kid": self.kid,
            "kty": "RSA",
            "alg": self.algorithm,
            "use": "sig" if self.algorithm == "RS256" else "enc",
            "x5c": [b64encode(self.certificate).decode()],
            "x5t": b64url(hashlib.sha1(self.certificate).digest()),  # noqa: S324 - RFC 7517
            "x5t#S256": b64url(hashlib.sha256(self.certificate).digest()),
            "n": public["n"],
            "e": public["e"],
        }


class RealmKeys:
    """Keep a realm's signing keys: the active one, passive ones and the HMAC key.

    Refresh tokens and session cookies are signed with the HMAC key, as Keycloak does,
    so nobody but the server can check them.
    """

    def __init__(self, realm: str) -> None:
        self._realm = realm
        self._lock = threading.Lock()
        self._signing = [SigningKey.generate(realm)]
        self._secret = secrets.token_bytes(64)
        self._secret_id = str(uuid4())

    @cached_property
    def _encryption(self) -> SigningKey:
        return SigningKey.generate(self._realm, "RSA-OAEP")

    @property
    def active(self) -> SigningKey:
        """Return the key that signs new tokens."""
        return self._signing[0]

    def rotate(self) -> str:
        """Sign with a new key from now on and return its id; old keys stay valid."""
        fresh = SigningKey.generate(self._realm)
        with self._lock:
            self._signing = [fresh, *self._signing]
        return fresh.kid

    def remove_old(self) -> None:
        """Forget every key but the active one."""
        with self._lock:
            self._signing = self._signing[:1]

    def jwks(self) -> Json:
        """Return the key set: an encryption key first, then the signing keys."""
        return {"keys": [self._encryption.jwk, *(key.jwk for key in self._signing)]}

    def sign(self, claims: Mapping[str, Any], headers: Json | None = None) -> str:
        """Sign claims with RS256 and the active key."""
        key = self.active
        fields = {"kid": key.kid} | (headers or {})
        return jwt.encode(dict(claims), key.private, "RS256", headers=fields)

    def seal(self, claims: Mapping[str, Any]) -> str:
        """Sign claims with HS512 for the server's own use."""
        fields = {"kid": self._secret_id}
        return jwt.encode(dict(claims), self._secret, "HS512", headers=fields)

    def read(self, token: str) -> Json | None:
        """Return the claims of a token this realm signed, or None.

        Only the signature is checked: times are the caller's business.
        """
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            signer = next((key for key in self._signing if key.kid == kid), None)
            return self._decode(token, signer)
        except (jwt.InvalidTokenError, ValueError):
            return None

    def unseal(self, token: str) -> Json | None:
        """Return the claims of a token that `seal` made, or None."""
        try:
            return self._checked(token, self._secret, "HS512")
        except (jwt.InvalidTokenError, ValueError):
            return None

    def _decode(self, token: str, signer: SigningKey | None) -> Json | None:
        if signer is None:
            return None
        return self._checked(token, signer.private.public_key(), "RS256")

    @staticmethod
    def _checked(token: str, key: rsa.RSAPublicKey | bytes, algorithm: str) -> Json:
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        options |= {"verify_aud": False, "verify_sub": False, "verify_jti": False}
        return jwt.decode(token, key, algorithms=[algorithm], options=options)
