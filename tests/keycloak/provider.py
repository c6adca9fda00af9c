"""An identity provider that is no Keycloak: OpenID Connect, and GitHub's `/user`."""

from __future__ import annotations

import json
import threading
import time
import uuid
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

Json = dict[str, Any]
Answer = tuple[int, str, str]

ODD: dict[str, Json] = {
    "nobody": {"name": "Nobody At All"},
    "bare": {"sub": "bare"},
    "mailed": {"sub": "mailed", "email": "Mailed@Provider.example"},
    "fullname": {
        "sub": "fullname",
        "preferred_username": "fullname",
        "name": "Ann B C",
    },
    "spaced": {"sub": "spaced", "preferred_username": " Spaced "},
    "taken-name": {"sub": "taken-name", "preferred_username": "nora"},
    "taken-mail": {
        "sub": "taken-mail",
        "preferred_username": "other",
        "email": "NORA@broker.example",
    },
    "number": {"sub": 17, "preferred_username": "number"},
}
"""What is told of people who are not told of in the usual way."""


def profile(name: str) -> Json:
    """What the provider tells of one of its people."""
    usual = {
        "sub": name,
        "preferred_username": name,
        "email": f"{name}@provider.example",
        "email_verified": True,
        "given_name": name.title(),
        "family_name": "Guest",
        "name": f"{name.title()} Guest",
    }
    return ODD.get(name, usual)


class Provider:
    """Serve people's tokens, keys and profiles on a port of its own.

    An opaque token is `opaque-NAME`, one of GitHub's `gho_NAME`; both are taken for
    good, and every other one is not, unless the provider has signed it.
    """

    def __init__(self) -> None:
        self.rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec_key = ec.generate_private_key(ec.SECP256R1())
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @cached_property
    def pem(self) -> str:
        """The public RSA key, as an administrator pastes it."""
        return (
            self.rsa_key.public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )

    @cached_property
    def jwks(self) -> str:
        """Both public keys as a key set."""
        rsa_key = RSAAlgorithm.to_jwk(self.rsa_key.public_key(), as_dict=True)
        ec_key = ECAlgorithm.to_jwk(self.ec_key.public_key(), as_dict=True)
        keys = [
            {**rsa_key, "kid": "k1", "use": "sig", "alg": "RS256"},
            {**ec_key, "kid": "e1", "use": "sig", "alg": "ES256"},
        ]
        return json.dumps({"keys": keys})

    def answer(self, path: str, query: Json, form: Json, token: str) -> Answer:
        """Status, body and address to go on to: the answer to a request."""
        if path in ("/auth", "/login/oauth/authorize"):
            return 302, "", _back(query)
        told = {
            "/jwks": lambda: (200, self.jwks),
            "/userinfo": lambda: self._user_info(token),
            "/user": lambda: _github(token),
            "/token": lambda: self._tokens(form),
            "/login/oauth/access_token": lambda: (200, _github_token(form)),
        }
        return *told[path](), ""

    def _user_info(self, token: str) -> tuple[int, str]:
        if token == "opaque-garbled":
            return 200, "<html>"
        if token.startswith("opaque-"):
            return 200, json.dumps(profile(token.removeprefix("opaque-")))
        return self._signed(token)

    def _signed(self, token: str) -> tuple[int, str]:
        try:
            public = self.rsa_key.public_key()
            options: Any = {"verify_aud": False, "verify_sub": False}
            claims = jwt.decode(token, public, ["RS256"], options)
        except jwt.InvalidTokenError:
            return 401, '{"error": "invalid_token"}'
        return 200, json.dumps(profile(str(claims.get("sub"))))

    def _tokens(self, form: Json) -> tuple[int, str]:
        if form.get("grant_type") == "refresh_token":
            return _refreshed(form.get("refresh_token", "spent"))
        asked = dict(parse_qsl(form["code"]))
        reply: Json = {
            "access_token": f"opaque-{asked['person']}",
            "token_type": "Bearer",
            "id_token": self.id_token(asked["person"], asked["issuer"]),
        }
        if "expires_in" in asked:
            reply["expires_in"] = int(asked["expires_in"])
        if "refresh" in asked:
            reply["refresh_token"] = asked["refresh"]
        return 200, json.dumps(reply)

    def id_token(self, name: str, issuer: str) -> str:
        """The ID token of a login."""
        now = int(time.time())
        claims = {
            "iss": issuer,
            "aud": "broker",
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
            "typ": "ID",
            **profile(name),
        }
        return jwt.encode(claims, self.rsa_key, "RS256", {"kid": "k1"})


def _github(token: str) -> tuple[int, str]:
    name = token.removeprefix("gho_")
    if not token.startswith("gho_"):
        return 401, '{"message": "Bad credentials"}'
    number = 4711 if name == "gus" else sum(map(ord, name)) * 1000 + len(name)
    told = {"id": number, "login": name, "name": f"{name.title()} Hub"}
    if not name.startswith("shy"):
        told["email"] = f"{name}@github.example"
    return 200, json.dumps({} if name == "nobody" else told)


def _github_token(form: Json) -> str:
    person = dict(parse_qsl(form["code"]))["person"]
    return urlencode({"access_token": f"gho_{person}"})


def _back(query: Json) -> str:
    """Where a person goes who is logged in here: the code holds what shall be said."""
    kept = ("person", "issuer", "expires_in", "refresh")
    code = urlencode({name: query[name] for name in kept if name in query})
    answer = urlencode({"code": code, "state": query["state"]})
    return f"{query['redirect_uri']}?{answer}"


def _refreshed(token: str) -> tuple[int, str]:
    kind, _, name = token.partition("-")
    if kind == "spent":
        return 400, '{"error": "invalid_grant"}'
    reply: Json = {"access_token": f"renewed-{name}", "token_type": "Bearer"}
    if kind == "renewable":
        reply |= {"expires_in": 600, "refresh_token": token}
    return 200, json.dumps(reply)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Write no log."""

        def do_GET(self) -> None:
            """Answer."""
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            query, form = dict(parse_qsl(parts.query)), dict(parse_qsl(body.decode()))
            status, text, place = provider.answer(parts.path, query, form, token)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            if place:
                self.send_header("Location", place)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            """Answer."""
            self.do_GET()

    return Handler
