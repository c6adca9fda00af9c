"""Find a realm's endpoints (OpenID Connect Discovery 1.0, RFC 8414)."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from urllib3.util import parse_url

from kc_exchange import forks, transport
from kc_exchange.exceptions import (
    ExchangeError,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    UnexpectedReply,
    printable,
)
from kc_exchange.strict_json import loads_object
from kc_exchange.transport.retry_after import retry_after

if TYPE_CHECKING:
    from kc_exchange.conf import Realm

_FRESH_FOR = 3600.0
_PAUSE = 5.0
"""Seconds until a document is asked for again that did not come."""
_WELL_KNOWN = "/.well-known/openid-configuration"
_OK = 200
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints this package calls, for one realm and kind of client."""

    token: str
    jwks: str
    fetched_at: float
    """Of the monotonic clock, in seconds."""
    revocation: str = ""
    """Empty where the document names none (RFC 8414 section 2: it is optional)."""
    end_session: str = ""
    """Empty where the document names none."""
    userinfo: str = ""
    """Empty where the document names none."""


_Key = tuple[str, str, str]
_known: dict[_Key, Endpoints] = {}
_fetching: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
forks.in_child(_fetching.clear)


def forget() -> None:
    """Discover anew at the next call."""
    _known.clear()


def endpoints(realm: Realm, deadline: transport.Deadline) -> Endpoints:
    """Return the endpoints of `realm`, from the last hour or fetched now.

    While Keycloak is away, or a proxy answers in its place, the endpoints of last time
    are still good; the document is asked for again some seconds later.

    Raises:
        ExchangeUnavailable: it cannot be reached, and never was.
        ExchangeMisconfigured: ISSUER leads to no such realm.
        UnexpectedReply: the document is not one, or is another issuer's.
    """
    key = (realm.issuer, realm.discovery_url, realm.client_auth)
    known = _known.get(key)
    if known is not None and time.monotonic() - known.fetched_at < _FRESH_FOR:
        return known
    fetching = _fetching[key]
    if not fetching.acquire(timeout=_patience(deadline) if known is None else 0):
        if known is None:
            raise ExchangeUnavailable(realm=realm.alias, diagnosis="deadline_passed")
        return known
    try:
        again = _known.get(key)
        if again is not None and again is not known:
            return again
        found = _known[key] = fetch(realm, deadline)
    except ExchangeError as error:
        if known is None or error.diagnosis == "issuer_differs":
            raise
        _known[key] = replace(known, fetched_at=time.monotonic() - _FRESH_FOR + _PAUSE)
        return known
    else:
        return found
    finally:
        fetching.release()


def _patience(deadline: transport.Deadline) -> float:
    """Return the seconds to wait for another thread that is fetching."""
    try:
        return deadline.left()
    except TimeoutError:
        return 0.0


def fetch(realm: Realm, deadline: transport.Deadline) -> Endpoints:
    """Return the endpoints of `realm` as it names them now.

    Raises what `endpoints` raises.
    """
    url = realm.discovery_url or realm.issuer.rstrip("/") + _WELL_KNOWN
    reply = transport.request(realm, url, deadline)
    if reply.status >= 500 or reply.status == _TOO_MANY:  # noqa: PLR2004
        error = ExchangeUnavailable(
            f"Keycloak answered the discovery of realm {realm.alias!r} "
            f"with {reply.status}.",
            status=reply.status,
            realm=realm.alias,
            diagnosis="server_error",
        )
        error.retry_after = retry_after(reply)
        raise error
    if reply.status != _OK:
        raise ExchangeMisconfigured(
            f"No realm is found at {url} (HTTP {reply.status}).",
            "Check ISSUER: https://HOST/realms/REALM, as the realm's discovery "
            "document spells it.",
            **_said(reply.body),
            status=reply.status,
            realm=realm.alias,
            diagnosis="realm_unknown",
        )
    return _read(realm, url, reply.body)


def _read(realm: Realm, url: str, body: bytes) -> Endpoints:
    try:
        document = loads_object(body)
    except ValueError as error:
        raise UnexpectedReply(
            f"What {url} answers is no discovery document: {error}.",
            realm=realm.alias,
            diagnosis="not_keycloak",
        ) from None
    if document.get("issuer") != realm.issuer:
        raise UnexpectedReply(
            f"The discovery document at {url} belongs to another issuer "
            f"({printable(document.get('issuer'))}) than ISSUER of realm "
            f"{realm.alias!r}.",
            "Write ISSUER to the letter as `issuer` in that document (scheme, port, "
            "final slash); where Keycloak is reached by another name, set "
            "DISCOVERY_URL.",
            realm=realm.alias,
            diagnosis="issuer_differs",
        )
    aliases = document.get("mtls_endpoint_aliases")
    by_certificate = realm.client_auth == "tls_client_auth"
    own = aliases if by_certificate and isinstance(aliases, dict) else {}
    nearest = {**document, **own}
    return Endpoints(
        token=_endpoint(realm, nearest, "token_endpoint"),
        jwks=_endpoint(realm, document, "jwks_uri"),
        fetched_at=time.monotonic(),
        revocation=_usable(realm, nearest.get("revocation_endpoint")),
        end_session=_usable(realm, document.get("end_session_endpoint")),
        userinfo=_usable(realm, document.get("userinfo_endpoint")),
    )


def _said(body: bytes) -> dict[str, str]:
    """Return Keycloak's words for why there is no document, as far as it has some."""
    try:
        members = loads_object(body)
    except ValueError:
        return {}
    found = {"error": "error", "description": "error_description"}
    return {name: printable(members.get(key, "")) for name, key in found.items()}


def _endpoint(realm: Realm, document: dict[str, Any], name: str) -> str:
    url = _usable(realm, document.get(name))
    if not url:
        raise UnexpectedReply(
            f"The discovery document of realm {realm.alias!r} names no usable {name}.",
            realm=realm.alias,
            diagnosis="endpoint_unusable",
        )
    return url


def _usable(realm: Realm, url: object) -> str:
    try:
        parts = parse_url(url) if isinstance(url, str) else None
    except ValueError:
        return ""
    # The settings were asked about plain http for this one of the two alone.
    plain = urlsplit(realm.discovery_url or realm.issuer).scheme == "http"
    if parts is None or parts.scheme not in ({"https", "http"} if plain else {"https"}):
        return ""
    return parts.url if parts.host else ""
