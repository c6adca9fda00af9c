"""An identity provider that is no realm: its discovery, its keys, its user info."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from kc_exchange.testing.http_server import HttpServer
from kc_exchange.testing.messages import Response, json_response
from kc_exchange.testing.serving import Serving

if TYPE_CHECKING:
    from kc_exchange.testing.messages import Request

GINA = {
    "sub": "g-1",
    "email": "gina@provider.example",
    "email_verified": True,
    "given_name": "Gina",
    "family_name": "Gray",
    "preferred_username": "gina",
}
OPAQUE = "opaque-token-of-gina"


class Provider(Serving):
    """It knows Gina; `missing` are members that its discovery leaves out."""

    def __init__(self) -> None:
        self._server = HttpServer(("127.0.0.1", 0), self._answer, lambda _: None)
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.missing: set[str] = set()
        self.discovery: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
        }
        self.asked: list[str] = []

    def id_token(self, audience: str) -> str:
        """An ID token of Gina's, without the claim `typ`, as most providers write."""
        now = int(time.time())
        claims = {
            **GINA,
            "iss": self.url,
            "aud": audience,
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(claims, self._key, "RS256", headers={"kid": "k1"})

    def _answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        match request.path:
            case "/.well-known/openid-configuration":
                known = self.discovery.items()
                return json_response({k: v for k, v in known if k not in self.missing})
            case "/jwks":
                return json_response({"keys": [self._jwk()]})
            case "/userinfo" if request.bearer == OPAQUE:
                return json_response(GINA)
            case "/userinfo":
                return json_response({"error": "invalid_token"}, status=401)
        return json_response({}, status=404)

    def _jwk(self) -> dict[str, Any]:
        algorithm = jwt.get_algorithm_by_name("RS256")
        public = algorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**public, "kid": "k1", "use": "sig", "alg": "RS256"}
