"""Introspection (RFC 7662)."""

from typing import Any

from tests.keycloak.clients import Basic, Public
from tests.keycloak.rows import Expect, Row, refused
from tests.keycloak.servers import USER_IDS
from tests.keycloak.states import (
    Ended,
    Expired,
    Forged,
    HalfRevoked,
    LoggedOut,
    Revoked,
    ShutOut,
)
from tests.keycloak.steps import Exchanged, Login, Service

INACTIVE = Expect(body={"active": False}, keys=frozenset({"active"}))
ACTIVE = Expect(body={"active": True})
UNSUPPORTED = refused(400, "invalid_request", "Unsupported token type.")


def introspect(
    name: str, token: Any, expect: Expect, client: Any = None, **more: str
) -> Row:
    """A row that asks what a token is worth."""
    return Row(
        name=f"introspection: {name}",
        path="token/introspect",
        form=(("token", token), *more.items()),
        client=client or Basic("django-app"),
        expect=expect,
    )


ROWS = (
    introspect(
        "a login, asked by a client in its audience",
        Login(),
        Expect(
            body={
                "active": True,
                "sub": USER_IDS["alice"],
                "username": "alice",
                "client_id": "frontend",
                "azp": "frontend",
                "token_type": "Bearer",
                "typ": "Bearer",
            }
        ),
    ),
    # Its own client is not in its audience, and that alone is asked.
    introspect(
        "a login, asked by its own client", Login(), INACTIVE, Basic("frontend")
    ),
    introspect(
        "asked by a client outside the audience",
        Login(),
        INACTIVE,
        Basic("stranger-app"),
    ),
    introspect(
        "an exchanged token, asked by its audience",
        Exchanged(),
        ACTIVE,
        Basic("orders-api"),
    ),
    introspect("an exchanged token, asked by its requester", Exchanged(), INACTIVE),
    # The mappers run again here, and nobody narrows what they add.
    introspect(
        "a narrowed token is widened",
        Exchanged(scope="orders billing"),
        Expect(
            body={
                "active": True,
                "aud": {"orders-api", "billing-api", "shipping-api", "account"},
            }
        ),
        Basic("orders-api"),
    ),
    introspect(
        "exchanged, and the subject token revoked",
        Exchanged(then_revoke_subject=True),
        ACTIVE,
        Basic("orders-api"),
    ),
    introspect(
        "exchanged, and the session logged out",
        LoggedOut(exchanged=True),
        INACTIVE,
        Basic("orders-api"),
    ),
    introspect("a service account", Service("frontend"), ACTIVE),
    introspect(
        "a refresh token", Login(part="refresh_token"), INACTIVE, Basic("frontend")
    ),
    introspect("revoked", Revoked(Login()), INACTIVE),
    introspect("logged out", LoggedOut(), INACTIVE),
    introspect("disabled user", ShutOut(), INACTIVE),
    introspect(
        "expired", Expired(Login(client="short-app")), INACTIVE, Basic("short-app")
    ),
    introspect("forged", Forged(), INACTIVE),
    introspect("not a token", "nonsense", INACTIVE),
    introspect(
        "a hint of a wrong kind", Login(), INACTIVE, token_type_hint="refresh_token"
    ),
    introspect("a hint that helps", Login(), ACTIVE, token_type_hint="access_token"),
    Row(
        name="introspection: no token",
        path="token/introspect",
        form=(),
        expect=refused(400, "invalid_request", "Token not provided."),
    ),
    introspect(
        "wrong secret",
        "nonsense",
        refused(401, "invalid_client", "Client authentication failed."),
        Basic("django-app", "wrong"),
    ),
    introspect(
        "public client",
        "nonsense",
        refused(403, "invalid_request", "Client not allowed."),
        Public("frontend-public"),
    ),
    introspect(
        "a refresh token that is hinted at",
        Login(part="refresh_token"),
        Expect(body={"active": True, "typ": "Refresh", "token_type": "Refresh"}),
        Basic("frontend"),
        token_type_hint="refresh_token",
    ),
    introspect(
        "an ID token, asked by its audience",
        Login(part="id_token"),
        Expect(body={"active": True, "typ": "ID", "token_type": "ID"}),
        Basic("frontend"),
    ),
    introspect("an unknown hint", Login(), UNSUPPORTED, token_type_hint="nonsense"),
    introspect("an empty hint", Login(), UNSUPPORTED, token_type_hint=""),
    introspect("the session ended by an administrator", Ended(), INACTIVE),
    introspect(
        "the refresh token revoked",
        HalfRevoked("refresh_token", "access_token"),
        INACTIVE,
    ),
    introspect(
        "exchanged, and the refresh token revoked",
        HalfRevoked("refresh_token", "access_token", exchanged=True),
        INACTIVE,
        Basic("orders-api"),
    ),
    introspect(
        "an exchanged token revoked by its requester",
        Revoked(Exchanged(), client="django-app"),
        INACTIVE,
        Basic("orders-api"),
    ),
    Row(
        name="introspection: two tokens",
        path="token/introspect",
        form=(("token", "one"), ("token", "two")),
        expect=refused(400, "invalid_request", "duplicated parameter"),
    ),
)
