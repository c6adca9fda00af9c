"""Speak HTTP to Keycloak, within one deadline.

A timeout of `requests`, `httpx` or `urllib3` bounds one read, so a server that drips a
byte a second holds its caller for hours. Here every read gets the time that is left.
Nothing is redirected, decompressed, sent through a proxy of the environment or read
past its cap.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError, IncompleteRead

from kc_exchange import forks
from kc_exchange.exceptions import ExchangeMisconfigured
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
    from collections.abc import Mapping, Sequence

    from kc_exchange.conf import Realm

__all__ = ["MAX_BODY", "Deadline", "NoReply", "Reply", "close", "request", "within"]

_KEPT_CONNECTIONS = 32
_FIRST_FINAL = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


_Identity = tuple[str, str, str]
"""The authorities to trust, and the client's certificate and key."""
_managers: dict[tuple[str, _Identity], urllib3.PoolManager] = {}
_contexts: dict[_Identity, ssl.SSLContext] = {}
_building = forks.Lock()
forks.in_child(_managers.clear)
forks.in_child(_contexts.clear)


def close() -> None:
    """Close every connection, and read certificates anew at the next call."""
    with _building:
        for manager in _managers.values():
            manager.clear()
        _managers.clear()
        _contexts.clear()


def _manager(realm: Realm) -> urllib3.PoolManager:
    """Return the connections of an issuer and TLS identity: tenants share none."""
    identity = (realm.ca_bundle, realm.certificate, realm.certificate_key)
    place = (realm.issuer, identity)
    found = _managers.get(place)
    if found is None:
        with _building:
            found = _managers.get(place)
            if found is None:
                if identity not in _contexts:  # building one takes 40 ms
                    _contexts[identity] = _tls(realm)
                found = _managers[place] = _new_manager(_contexts[identity])
    return found


def _new_manager(context: ssl.SSLContext) -> urllib3.PoolManager:
    manager = urllib3.PoolManager(
        num_pools=8, maxsize=_KEPT_CONNECTIONS, ssl_context=context
    )
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": TLSPool}
    return manager


def _tls(realm: Realm) -> ssl.SSLContext:
    context = _trusting(realm)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if realm.certificate:
            context.load_cert_chain(realm.certificate, realm.certificate_key or None)
    except OSError as error:
        raise ExchangeMisconfigured(
            f"A certificate of realm {realm.alias!r} cannot be read.",
            "Check the paths in CERTIFICATE and CERTIFICATE_KEY: PEM files that this "
            "process may read, the key without a passphrase.",
            realm=realm.alias,
            diagnosis="certificate_unreadable",
        ) from error
    return context


def _trusting(realm: Realm) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=realm.ca_bundle or None)
    except OSError as error:
        raise ExchangeMisconfigured(
            f"CA_BUNDLE of realm {realm.alias!r} cannot be read.",
            "Check the path in CA_BUNDLE: a PEM file of certificate authorities that "
            "this process may read.",
            realm=realm.alias,
            diagnosis="ca_bundle_unreadable",
        ) from error


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
