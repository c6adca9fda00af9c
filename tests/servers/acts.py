"""What a fault server does once it has read a request.

An act returns whether the connection is kept for the next request.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from tests.servers.wire import http, jwt_of

if TYPE_CHECKING:
    import threading

    from tests.servers.fault_server import Seen

ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"


class Wire(Protocol):
    """One connection, and the request that was just read from it."""

    sock: socket.socket
    seen: Seen
    issuer: str
    stopping: threading.Event


Act = Callable[[Wire], bool]


def sends(raw: bytes, *, then: Act | None = None) -> Act:
    """Send bytes as they are; then keep the connection, or do `then`."""

    def act(wire: Wire) -> bool:
        wire.sock.sendall(raw)
        return True if then is None else then(wire)

    return act


def replies(
    body: bytes | str = b"",
    status: int = 200,
    *headers: str,
    kind: str = "application/json",
) -> Act:
    """Send one well-formed reply."""
    return sends(http(body, status, *headers, kind=kind))


def closes(wire: Wire) -> bool:
    """Close the connection as TCP does (FIN)."""
    return False


def resets(wire: Wire) -> bool:
    """Cut the connection (RST)."""
    on_and_now = struct.pack("ii", 1, 0)
    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, on_and_now)
    return False


def silent(wire: Wire) -> bool:
    """Say nothing until the test is over."""
    wire.stopping.wait()
    return False


def drips(raw: bytes, *, fast: int = 0, pause: float = 0.02) -> Act:
    """Send `fast` bytes at once and the rest one by one."""

    def act(wire: Wire) -> bool:
        wire.sock.sendall(raw[:fast])
        for place in range(fast, len(raw)):
            wire.sock.sendall(raw[place : place + 1])
            if wire.stopping.wait(pause):
                return False
        return True

    return act


def floods(raw: bytes) -> Act:
    """Send the same bytes again and again."""

    def act(wire: Wire) -> bool:
        while not wire.stopping.is_set():
            wire.sock.sendall(raw)
        return False

    return act


def grants(
    members: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    *,
    without: tuple[str, ...] = (),
    delay: float = 0.0,
    kind: str = "application/json",
) -> Act:
    """Grant what is asked for, as Keycloak does, but for these members and claims."""

    def act(wire: Wire) -> bool:
        if wire.stopping.wait(delay):
            return False
        body = granted(wire, members or {}, claims or {})
        kept = {name: value for name, value in body.items() if name not in without}
        return replies(json.dumps(kept), kind=kind)(wire)

    return act


def granted(
    wire: Wire, members: dict[str, Any], claims: dict[str, Any]
) -> dict[str, Any]:
    """Return the members of a reply to the form that was sent."""
    form = wire.seen.form
    issued = {
        "iss": wire.issuer,
        "azp": "django-app",
        "sub": "alice",
        "sid": "session-of-alice",
        "aud": form.get("audience", "orders-api"),
        "jti": f"jti-{time.monotonic_ns()}",
        "exp": int(time.time()) + 300,
        **claims,
    }
    return {
        "access_token": jwt_of(**issued),
        "token_type": "Bearer",
        "issued_token_type": ACCESS_TOKEN_TYPE,
        "expires_in": 300,
        "scope": form.get("scope", ""),
        **members,
    }
