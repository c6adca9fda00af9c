"""Speak HTTP to Keycloak, within one deadline.

A timeout of `requests`, `httpx` or `urllib3` bounds one read, so a server that drips a
byte a second holds its caller for hours. Here every read gets the time that is left.
Nothing is redirected, decompressed, sent through a proxy of the environment or read
past its cap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError, IncompleteRead

from kc_exchange import forks
from kc_exchange.transport.certificates import context_of, forget, loaded_context_of
from kc_exchange.transport.deadline import (
    MAX_BODY,
    Deadline,
    PlainPool,
    TLSPool,
    current,
    within,
)
from kc_exchange.transport.explain import NoReply, explained

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from kc_exchange.conf import Realm

__all__ = [
    "MAX_BODY",
    "Deadline",
    "NoReply",
    "Reply",
    "close",
    "context_of",
    "loaded_context_of",
    "request",
    "within",
]

_KEPT_CONNECTIONS = 32
_FIRST_FINAL = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


_Place = tuple[str, str, str, str]
"""An issuer, the authorities to trust, and the client's certificate and key."""


@dataclass(slots=True)
class _Connections:
    context: ssl.SSLContext
    manager: urllib3.PoolManager


_connections: dict[_Place, _Connections] = {}
_building = forks.Lock()
forks.in_child(_connections.clear)


def close() -> None:
    """Close every connection, and read certificates anew at the next call."""
    with _building:
        for kept in _connections.values():
            kept.manager.clear()
        _connections.clear()
    forget()


def _manager(realm: Realm) -> urllib3.PoolManager:
    """Return the connections of an issuer and TLS identity: tenants share none.

    New certificates take new ones; the former close when nobody uses them any more.
    """
    place = (realm.issuer, realm.ca_bundle, realm.certificate, realm.certificate_key)
    context = context_of(realm)
    known = _connections.get(place)
    if known is None or known.context is not context:
        with _building:
            known = _connections.get(place)
            if known is None or known.context is not context:
                known = _Connections(context, _new_manager(context))
                _connections[place] = known
    return known.manager


def _new_manager(context: ssl.SSLContext) -> urllib3.PoolManager:
    manager = urllib3.PoolManager(
        num_pools=8, maxsize=_KEPT_CONNECTIONS, ssl_context=context
    )
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": TLSPool}
    return manager


def request(
    realm: Realm,
    url: str,
    deadline: Deadline,
    *,
    form: Sequence[tuple[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
    most: int = MAX_BODY,
) -> Reply:
    """GET `url`, or POST `form` to it, and return the reply whatever its status.

    Its body may have `most` bytes.

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
    current.deadline, current.most = deadline, most
    try:
        return _exchange(_manager(realm), url, form, sent)
    except (HTTPError, OSError, ValueError) as error:
        failure = explained(error, realm, url)
    # Not "from error": the frames behind it hold the form, and so the secrets in it.
    raise failure


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
        timeout=current.deadline.left(),
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
    length, transfer = headers.get("content-length"), headers.get("transfer-encoding")
    if length is not None and (transfer is not None or "," in length):
        raise ValueError("the reply gives its length twice")
    if transfer is not None and transfer.lower() != "chunked":
        raise ValueError("the reply is encoded although that was refused")
    if response.status < _FIRST_FINAL:
        raise ValueError("the reply is none, and another would follow")
    return headers


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    body = response.read(current.most + 1)
    if len(body) > current.most:
        raise ValueError(f"the reply is longer than {current.most} bytes")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and len(body) < int(length):
        raise IncompleteRead(len(body), int(length) - len(body))
    return body
