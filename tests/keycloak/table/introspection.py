"""Introspection and the user-info endpoint."""

from typing import Any

from tests.keycloak.clients import Basic, Nobody, Public
from tests.keycloak.rows import Expect, Row, refused
from tests.keycloak.servers import USER_IDS
from tests.keycloak.steps import (
    Bearer,
    Exchanged,
    Expired,
    Forged,
    LoggedOut,
    Login,
    Revoked,
    Service,
    ShutOut,
)

INACTIVE = Expect(body={"active": False}, keys=frozenset({"active"}))
ACTIVE = Expect(body={"active": True})


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


def challenge(status: int, error: str, said: str) -> Expect:
    """A refusal that is told in the header alone."""
    told = f'Bearer realm="conformance", error="{error}", error_description="{said}"'
    return Expect(status, keys=frozenset(), headers={"WWW-Authenticate": told})


def userinfo(name: str, token: Any, expect: Expect) -> Row:
    """A row that asks who a token speaks of."""
    headers = () if token is None else (("Authorization", Bearer(token)),)
    return Row(
        name=f"userinfo: {name}",
        path="userinfo",
        form=(),
        client=Nobody(),
        headers=headers,
        expect=expect,
    )


NO_OPENID = challenge(403, "insufficient_scope", "Missing openid scope")

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
    userinfo(
        "a login",
        Login(),
        Expect(
            body={
                "sub": USER_IDS["alice"],
                "preferred_username": "alice",
                "email": "alice@conformance.example",
                "email_verified": True,
                "name": "Alice Archer",
                "given_name": "Alice",
                "family_name": "Archer",
            }
        ),
    ),
    userinfo(
        "a lightweight login",
        Login(client="frontend-light"),
        challenge(
            401,
            "invalid_token",
            "Lightweight access token not allowed for userinfo endpoint",
        ),
    ),
    userinfo(
        "an exchanged token with openid",
        Exchanged(scope="openid orders"),
        Expect(body={"sub": USER_IDS["alice"], "name": "Alice Archer"}),
    ),
    userinfo(
        "an exchanged token without openid",
        Exchanged(),
        NO_OPENID,
    ),
    userinfo(
        "a login without openid",
        Login(scope=""),
        NO_OPENID,
    ),
    userinfo(
        "not a token",
        "nonsense",
        challenge(401, "invalid_token", "Token verification failed"),
    ),
    userinfo(
        "revoked",
        Revoked(Login()),
        challenge(401, "invalid_token", "Token verification failed"),
    ),
    userinfo(
        "logged out",
        LoggedOut(),
        challenge(401, "invalid_token", "user_session_not_found"),
    ),
    userinfo(
        "disabled user",
        ShutOut(),
        challenge(401, "invalid_token", "User disabled"),
    ),
    userinfo(
        "no token",
        None,
        Expect(401, headers={"WWW-Authenticate": 'Bearer realm="conformance"'}),
    ),
)
