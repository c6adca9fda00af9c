"""What the tokens are good for that a provider's token or an assertion led to."""

from typing import Any

from tests.keycloak.assertions import EVERYWHERE
from tests.keycloak.brokering import (
    GATEWAY,
    FromAssertion,
    FromProvider,
    at_broker,
)
from tests.keycloak.clients import Basic, Nobody
from tests.keycloak.impersonations import Beginning
from tests.keycloak.realms import BROKER, id_of
from tests.keycloak.rows import Expect, Row, exchange_form, issued, refused
from tests.keycloak.servers import REFRESH_TOKEN
from tests.keycloak.states import Aged, Ended, Revoked, ShutOut
from tests.keycloak.steps import Bearer

GUS = id_of(BROKER, "gus")
ORDERS = Basic("orders-api")
INACTIVE = Expect(body={"active": False}, keys=frozenset({"active"}))
ACTIVE = Expect(body={"active": True, "sub": GUS, "username": "gus", "act": None})
INVALID = refused(400, "invalid_request", "Invalid token")
DONE = Expect(keys=frozenset())

PROVIDER, ASSERTION = FromProvider(), FromAssertion()
SOURCES = (
    ("of a provider", PROVIDER, "permissions"),
    ("of an assertion", ASSERTION, EVERYWHERE),
)
"""The tokens, and the servers that issue them."""


def brokered(name: str, form: Any, expect: Expect, client: Any, **more: Any) -> Row:
    """A row about a token that came of another."""
    return at_broker(f"brokered: {name}", form, expect, client, **more)


def introspect(
    name: str, token: Any, expect: Expect, only: str, client: Any = ORDERS
) -> Row:
    """A row that asks what a token is worth."""
    return brokered(
        f"introspection {name}",
        (("token", token),),
        expect,
        client,
        only=only,
        path="token/introspect",
    )


def narrow(name: str, token: Any, expect: Expect, only: str, **changes: Any) -> Row:
    """A row of a standard exchange for one service."""
    client = changes.pop("client", GATEWAY)
    form = exchange_form(token, without=("scope",), **changes)
    return brokered(f"exchange {name}", form, expect, client, only=only)


def userinfo(name: str, token: Any, expect: Expect, only: str) -> Row:
    """A row that asks who a token speaks of."""
    return brokered(
        f"userinfo {name}",
        (),
        expect,
        Nobody(),
        only=only,
        path="userinfo",
        headers=(("Authorization", Bearer(token)),),
    )


def challenge(status: int, error: str, said: str) -> Expect:
    """A refusal that is told in the header alone."""
    told = f'Bearer realm="{BROKER}", error="{error}", error_description="{said}"'
    return Expect(status, keys=frozenset(), headers={"WWW-Authenticate": told})


EACH = tuple(
    row
    for source, token, only in SOURCES
    for row in (
        introspect(source, token, ACTIVE, only),
        introspect(f"{source}, by its requester", token, INACTIVE, only, GATEWAY),
        introspect(
            f"{source}, revoked", Revoked(token, client="gateway"), INACTIVE, only
        ),
        introspect(
            f"{source}, its user disabled", ShutOut(token, user="gus"), INACTIVE, only
        ),
        userinfo(
            f"{source} without openid",
            token,
            challenge(403, "insufficient_scope", "Missing openid scope"),
            only,
        ),
        narrow(
            f"{source}, by another client",
            token,
            refused(403, "access_denied", "Client is not within the token audience"),
            only,
            client=Basic("bystander"),
        ),
        narrow(f"{source}, revoked", Revoked(token, client="gateway"), INVALID, only),
        narrow(
            f"{source}, for a refresh token",
            token,
            refused(400, "invalid_request", "requested_token_type unsupported"),
            only,
            requested_token_type=REFRESH_TOKEN,
        ),
        *(
            brokered(
                f"revocation {source}{by}",
                (("token", token),),
                expect,
                client,
                only=only,
                path="revoke",
            )
            for by, client, expect in (
                ("", GATEWAY, DONE),
                (
                    " by another client",
                    Basic("bystander"),
                    refused(400, "invalid_request", "Unmatching clients"),
                ),
            )
        ),
    )
)

SESSIONS = (
    narrow(
        "of a provider",
        PROVIDER,
        issued("orders-api", sub=GUS, azp="gateway", jti=Beginning("onrtte:")),
        "permissions",
    ),
    narrow(
        "of an assertion",
        ASSERTION,
        issued(
            "orders-api",
            sub=GUS,
            azp="gateway",
            jti=Beginning("trrtte:"),
            fewer_keys=("session_state",),
            kept=("sub",),
            absent=("sid", "act"),
        ),
        EVERYWHERE,
    ),
    introspect(
        "of a provider, logged out by an administrator",
        Ended(PROVIDER, user="gus"),
        INACTIVE,
        "permissions",
    ),
    # There is no session that could be ended, but tokens from before are refused.
    introspect(
        "of an assertion, logged out by an administrator",
        Ended(Aged(ASSERTION), user="gus"),
        INACTIVE,
        EVERYWHERE,
    ),
    userinfo(
        "of a provider",
        FromProvider(more={"scope": "openid"}),
        Expect(body={"sub": GUS, "preferred_username": "gus"}),
        "permissions",
    ),
    userinfo(
        "of an assertion",
        FromAssertion(scope="openid"),
        Expect(body={"sub": GUS, "preferred_username": "gus"}),
        EVERYWHERE,
    ),
    userinfo(
        "of an assertion, its user disabled",
        ShutOut(FromAssertion(scope="openid"), user="gus"),
        challenge(401, "invalid_token", "user_disabled"),
        EVERYWHERE,
    ),
)

REPORTS = FromProvider(more={"audience": "reports-api"})

AUDIENCES = (
    # Told of it again, the requester's own mappers speak, not the audience's.
    introspect(
        "of a provider, for another client",
        REPORTS,
        Expect(
            body={
                "active": True,
                "client_id": "gateway",
                "aud": {"orders-api", "account", "reports-api"},
                "preferred_username": "gus",
            }
        ),
        "permissions",
        Basic("reports-api"),
    ),
    narrow(
        "of a provider, for another client",
        REPORTS,
        issued("orders-api", sub=GUS, azp="gateway", jti=Beginning("onrtte:")),
        "permissions",
    ),
    brokered(
        "refresh of a provider's",
        (
            ("grant_type", "refresh_token"),
            (
                "refresh_token",
                FromProvider(
                    part="refresh_token",
                    more={
                        "audience": "reports-api",
                        "requested_token_type": REFRESH_TOKEN,
                    },
                ),
            ),
        ),
        # The other audience does not outlive the first token.
        Expect(claims={"sub": GUS, "aud": {"orders-api", "account"}, "azp": "gateway"}),
        GATEWAY,
    ),
    *(
        brokered(
            f"revocation of a provider's, for another client, by {client.name}",
            (("token", REPORTS),),
            expect,
            client,
            path="revoke",
        )
        for client, expect in (
            (GATEWAY, DONE),
            (
                Basic("reports-api"),
                refused(400, "invalid_request", "Unmatching clients"),
            ),
        )
    ),
)

ROWS = (*EACH, *SESSIONS, *AUDIENCES)
