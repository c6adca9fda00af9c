"""Authenticate clients: by secret, by signed assertion, by certificate."""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as Base64Error
from urllib.parse import unquote_plus

from kc_exchange.testing.certificate_auth import certificate_matches
from kc_exchange.testing.context import RealmServer
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.jwt_auth import (
    ASSERTION_TYPE,
    assertion_client,
    check_assertion,
)
from kc_exchange.testing.messages import Form, Request
from kc_exchange.testing.model import Client

DESCRIPTION = "Invalid client or Invalid client credentials"


def authenticate(server: RealmServer, request: Request, form: Form) -> Client:
    """Return the client that sent the request (RFC 6749 section 2.3).

    Raises:
        OAuthError: `invalid_client` if the client is unknown or disabled,
            `unauthorized_client` if its credentials are wrong.
    """
    basic = _basic(request)
    client = _client(server, form, basic)
    if client is None or not client.enabled:
        raise OAuthError("invalid_client", DESCRIPTION, status=401)
    if not client.public and not client.bearer_only:
        _check_credentials(server, request, form, client, basic)
    if client.bearer_only:
        raise OAuthError("invalid_client", "Bearer-only not allowed")
    return client


def _client(
    server: RealmServer, form: Form, basic: tuple[str, str] | None
) -> Client | None:
    if basic is not None:
        return server.realm.clients.get(basic[0])
    assertion = form.first("client_assertion")
    named = form.first("client_id") or (
        assertion_client(assertion) if assertion else None
    )
    return server.realm.clients.get(named or "")


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = b64decode(value, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return None
    return (unquote_plus(name), unquote_plus(secret)) if colon else None


def _check_credentials(
    server: RealmServer,
    request: Request,
    form: Form,
    client: Client,
    basic: tuple[str, str] | None,
) -> None:
    if client.authenticator == "client-jwt":
        check_assertion(server, client, form)
    elif client.authenticator == "client-x509":
        accepted = certificate_matches(client, request.certificate)
        _refuse_unless(accepted)
    else:
        given = basic[1] if basic else form.first("client_secret")
        _refuse_unless(_same(given, client.secret))


def _same(given: str | None, expected: str | None) -> bool:
    if given is None or expected is None:
        return False
    return hmac.compare_digest(given.encode(), expected.encode())


def _refuse_unless(accepted: bool) -> None:  # noqa: FBT001 - the name says it
    if not accepted:
        raise OAuthError("unauthorized_client", DESCRIPTION, status=401)


__all__ = ["ASSERTION_TYPE", "authenticate"]
