"""An identity provider that is no Keycloak: keys, user info, and tokens for Gina."""

from __future__ import annotations

import json
import threading
import time
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GINA = {"sub": "g-1", "email": "gina@partner.example", "preferred_username": "gina"}
OURS = "clinic-at-partner"
"""The client id that the project has at the provider."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with its endpoints, its keys, or with who Gina is."""
        places = {
            "/.well-known/openid-configuration": self._discovery(),
            "/jwks": key_set(),
            "/userinfo": GINA,
        }
        body = json.dumps(places.get(self.path, {})).encode()
        self.send_response(200 if self.path in places else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _discovery(self) -> dict[str, str]:
        issuer = f"http://{self.headers['Host']}"
        endpoints = {
            "authorization_endpoint": "auth",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "jwks_uri": "jwks",
        }
        found = {name: f"{issuer}/{path}" for name, path in endpoints.items()}
        return {"issuer": issuer, **found}

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


def key_set() -> dict[str, Any]:
    """Return the provider's key set."""
    jwk = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    return {"keys": [{**jwk, "kid": "partner", "use": "sig", "alg": "RS256"}]}


@contextmanager
def provider() -> Iterator[str]:
    """Run a provider; yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def id_token(issuer: str, **changes: Any) -> str:
    """Return an ID token of Gina's; None takes a claim out."""
    now = int(time.time())
    claims = {
        **GINA,
        "iss": issuer,
        "aud": OURS,
        "iat": now,
        "exp": now + 300,
        "jti": str(uuid.uuid4()),
        "typ": "ID",
        **changes,
    }
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(said, KEY, "RS256", {"kid": "partner"})
