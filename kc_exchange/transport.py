"""Speak HTTP to Keycloak, within one deadline.

A timeout of `requests`, `httpx` or `urllib3` bounds one read, so a server that drips a
byte a second holds its caller for hours. Here every read gets the time that is left.
Nothing is redirected, decompressed, sent through a proxy of the environment or read
past its cap.
"""

from __future__ import annotations

import io
import os
import socket  # noqa: TC003 - typing.get_type_hints reads it
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    HTTPError,
    IncompleteRead,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)
from urllib3.exceptions import (
    TimeoutError as UrllibTimeout,
)

from kc_exchange.exceptions import (
    ExchangeError,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    UnexpectedReply,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kc_exchange.conf import Realm

MAX_BODY = 64 * 1024
_MAX_HEAD = 64 * 1024
_KEPT_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Deadline:
    """A point in time by which everything has to be done."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        seconds = self._at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds


class NoReply(ExchangeUnavailable):
    """Refused, reset or closed before the end. Asking once more for a token is safe."""

    sent = False
    """Whether the request may have reached the server."""


class _Current(threading.local):
    deadline: Deadline = Deadline(0)


_current = _Current()


class _Reader(io.RawIOBase):
    """A socket's file whose every read gets the time, and the bytes, that are left."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw: io.RawIOBase = sock.makefile("rb", buffering=0)
        self._allowed = _MAX_HEAD + MAX_BODY

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_current.deadline.left())
        count: int | None = self._raw.readinto(buffer)  # type: ignore[attr-defined]
        self._allowed -= count or 0
        if self._allowed < 0:
            raise ValueError("the head of the reply, or its body, is too long")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Socket:
    """A connected socket that knows of the deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock))

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(_current.deadline.left())
        self._sock.sendall(data)

    def settimeout(self, value: float | None) -> None:
        """Leave the time to the deadline."""


class _Deadlined:
    """Connect within the deadline, trying each address of the host."""

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock = _Socket(self.sock)

    def _new_conn(self) -> socket.socket:
        self.timeout = _current.deadline.left()
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        sock.settimeout(_current.deadline.left())
        return sock


class _PlainConnection(_Deadlined, HTTPConnection):
    pass


class _TLSConnection(_Deadlined, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


_Identity = tuple[str, str, str]
_managers: dict[_Identity, urllib3.PoolManager] = {}
_building = threading.Lock()
os.register_at_fork(after_in_child=_managers.clear)


def close() -> None:
    """Close every connection, and read certificates anew at the next call."""
    with _building:
        for manager in _managers.values():
            manager.clear()
        _managers.clear()


def _manager(realm: Realm) -> urllib3.PoolManager:
    """One pool of connections for each TLS identity: building one costs 40 ms."""
    identity = (realm.ca_bundle, realm.certificate, realm.certificate_key)
    if identity not in _managers:
        with _building:
            if identity not in _managers:
                _managers[identity] = _new_manager(realm)
    return _managers[identity]


def _new_manager(realm: Realm) -> urllib3.PoolManager:
    manager = urllib3.PoolManager(
        num_pools=8, maxsize=_KEPT_CONNECTIONS, ssl_context=_tls(realm)
    )
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TLSPool}
    return manager


def _tls(realm: Realm) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=realm.ca_bundle or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if realm.certificate:
            context.load_cert_chain(realm.certificate, realm.certificate_key or None)
    except OSError as error:
        raise ExchangeMisconfigured(
            f"A certificate of realm {realm.alias!r} cannot be read.",
            "Check the paths in CA_BUNDLE, CERTIFICATE and CERTIFICATE_KEY: PEM files "
            "that this process may read, the key without a passphrase.",
            realm=realm.alias,
        ) from error
    return context


def request(
    realm: Realm,
    url: str,
    deadline: Deadline,
    *,
    form: Sequence[tuple[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """GET `url`, or POST `form` to it, and return the reply whatever its status.

    Raises:
        NoReply: no reply came; a token may be asked for once more.
        ExchangeUnavailable: the deadline passed.
        ExchangeMisconfigured: TLS failed.
        UnexpectedReply: the reply is over its cap, encoded or not HTTP.
    """
    sent = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        **(headers or {}),
    }
    if form is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    _current.deadline = deadline
    try:
        return _exchange(_manager(realm), url, form, sent)
    except (HTTPError, OSError, ValueError) as error:
        raise _explained(error, realm, url) from error


def _exchange(
    manager: urllib3.PoolManager,
    url: str,
    form: Sequence[tuple[str, str]] | None,
    headers: dict[str, str],
) -> Reply:
    response = manager.urlopen(
        "GET" if form is None else "POST",
        url,
        body=None if form is None else urlencode(form).encode(),
        headers=headers,
        redirect=False,
        retries=False,
        timeout=_current.deadline.left(),
        preload_content=False,
        decode_content=False,
    )
    try:
        return Reply(response.status, _checked(response), _body(response))
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()


def _checked(response: urllib3.BaseHTTPResponse) -> dict[str, str]:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if headers.get("content-encoding", "identity") != "identity":
        raise ValueError("the reply is compressed although that was refused")
    if "content-length" in headers and "transfer-encoding" in headers:
        raise ValueError("the reply gives its length twice")
    return headers


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    body = response.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise ValueError(f"the reply is longer than {MAX_BODY} bytes")
    return body


def _explained(error: Exception, realm: Realm, url: str) -> ExchangeError:
    """Return the error of this package for one of the transport's."""
    host = urllib3.util.parse_url(url).netloc
    if isinstance(error, NameResolutionError):
        return NoReply(
            f"The host name of {host} does not resolve.",
            "Check ISSUER and DISCOVERY_URL, and the name service of this machine.",
            realm=realm.alias,
        )
    if isinstance(error, (UrllibTimeout, TimeoutError)) and not isinstance(
        error, NewConnectionError
    ):
        return ExchangeUnavailable(
            f"Keycloak at {host} did not answer within its deadline.",
            "Look at Keycloak's load; DEADLINE sets the seconds it is given.",
            realm=realm.alias,
        )
    if isinstance(error, SSLError):
        return ExchangeMisconfigured(
            f"No trusted TLS connection to {host}: {_reason(error)}.",
            "Check the certificate's name and dates; CA_BUNDLE names a private "
            "authority, CERTIFICATE this client's own certificate.",
            realm=realm.alias,
        )
    if _is_lost(error):
        lost = NoReply(
            f"Keycloak at {host} refuses or drops the connection.", realm=realm.alias
        )
        lost.sent = not isinstance(error, NewConnectionError)
        return lost
    return UnexpectedReply(
        f"What answers at {host} is not Keycloak: {_reason(error)}.",
        realm=realm.alias,
    )


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, ProtocolError) and not isinstance(error, IncompleteRead):
        inner = error.args[1] if len(error.args) > 1 else None
        return isinstance(inner, (OSError, IncompleteRead)) or inner is None
    return isinstance(error, (NewConnectionError, IncompleteRead, OSError))


def _reason(error: BaseException) -> str:
    inner = next((a for a in reversed(error.args) if a), "")
    return str(inner).partition("(_ssl.c")[0].strip() or type(error).__name__
