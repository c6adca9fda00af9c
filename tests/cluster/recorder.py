"""A service that verifies each token, and notes whose it was and whose it had to be."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt

AUDIENCE = "orders-api"


@dataclass
class Seen:
    """What the service was sent since the last look."""

    calls: int = 0
    crossed: list[str] = field(default_factory=list)
    """Calls whose token is another's than whom they were made for."""
    unauthenticated: list[str] = field(default_factory=list)
    """Calls without a token, or with one that is not valid here."""


class Recorder:
    """The service; the last part of a path names for whom a call is made."""

    def __init__(self, port: int, issuer: str) -> None:
        self._issuer = issuer
        self._keys: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.recorder = self
        self.tokens: set[str] = set()
        self.requests: set[str] = set()
        """The ids of requests that calls were made for."""
        self.seen = Seen()
        self.fault = ""
        """What goes wrong just now: `unauthorized`, `error`, `closed` or nothing."""
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def learn_keys(self) -> None:
        """Fetch the realm's keys; they stay good while Keycloak is away."""
        address = f"{self._issuer}/protocol/openid-connect/certs"
        self._keys = {
            str(key.key_id): key for key in jwt.PyJWKClient(address).get_signing_keys()
        }

    def take(self, path: str, header: str) -> dict[str, Any] | None:
        """Return what to answer; None where nobody is authenticated."""
        place, _, request = path.partition("?request=")
        wanted = place.rpartition("/")[2]
        claims = self._claims(header)
        with self._lock:
            self.seen.calls += 1
            if claims is None:
                self.seen.unauthenticated.append(path)
                return None
            self.requests.add(request)
            self.tokens.add(header.partition(" ")[2])
            if claims["sub"] != wanted:
                self.seen.crossed.append(path)
        return {"sub": claims["sub"], "jti": claims["jti"]}

    def _claims(self, header: str) -> dict[str, Any] | None:
        scheme, _, token = header.partition(" ")
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token, key, ["RS256"], audience=AUDIENCE, issuer=self._issuer, leeway=5
            )
        except (jwt.PyJWTError, KeyError):
            return None
        return claims if scheme == "Bearer" and claims["aud"] == AUDIENCE else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    recorder: Recorder

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers that were killed: they reset their connections."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer as the fault of this moment wants."""
        recorder = self.server.recorder
        answer = recorder.take(self.path, self.headers.get("Authorization", ""))
        if recorder.fault == "closed":
            self.close_connection = True
        elif recorder.fault == "error":
            self._send(500, {})
        elif answer is None or recorder.fault == "unauthorized":
            self._send(401, {})
        else:
            self._send(200, answer)

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Bearer error="invalid_token"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Stay silent."""
