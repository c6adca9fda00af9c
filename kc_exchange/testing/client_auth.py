"""Authenticate clients: by secret, by signed assertion, by certificate."""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from kc_exchange.testing.certificate_auth import certificate_matches
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.jwt_auth import assertion_client, check_assertion

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.messages import Form, Request
    from kc_exchange.testing.model import Client

DESCRIPTION = "Invalid client or Invalid client credentials"


def authenticate(server: RealmServer, request: Request, form: Form) -> Client:
    """Return the client that sent the request (RFC 6749 section 2.3).

    Raises:
        OAuthError: `invalid_client` if the client is unknown or disabled,
            `unauthorized_client` if its credentials are wrong.
    """
    name, secret = _named(request, form)
    client = server.realm.clients.get(name or "")
    if client is None or not client.enabled:
        raise OAuthError("invalid_client", DESCRIPTION, status=401)
    if client.bearer_only:
        raise OAuthError("invalid_client", "Bearer-only not allowed")
    if not client.public:
        _check_credentials(server, request, form, client, secret)
    return client


def _named(request: Request, form: Form) -> tuple[str | None, str | None]:
    name, secret = _basic(request)
    name = form.first("client_id") or name
    assertion = form.first("client_assertion")
    if name is None and assertion is not None:
        name = assertion_client(assertion)
    return name, form.first("client_secret") or secret


def _basic(request: Request) -> tuple[str | None, str | None]:
    scheme, _, value = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        name, colon, secret = b64decode(value, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return None, None
    return unquote_plus(name), unquote_plus(secret) if colon else None


def _check_credentials(
    server: RealmServer,
    request: Request,
    form: Form,
    client: Client,
    secret: str | None,
) -> None:
    if client.authenticator == "client-jwt":
        check_assertion(server, client, form)
        return
    if client.authenticator == "client-x509":
        accepted = certificate_matches(client, request.certificate)
    else:
        accepted = _same(secret, client.secret)
    if not accepted:
        raise OAuthError("unauthorized_client", DESCRIPTION, status=401)


def _same(given: str | None, expected: str | None) -> bool:
    if given is None or expected is None:
        return False
    return hmac.compare_digest(given.encode(), expected.encode())
