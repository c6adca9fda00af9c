"""Revocation (RFC 7009)."""

from typing import Any

from tests.keycloak.clients import Basic, Public
from tests.keycloak.rows import Expect, Row, refused
from tests.keycloak.states import Forged, Revoked
from tests.keycloak.steps import Exchanged, Login, Service

DONE = Expect(keys=frozenset())
# RFC 7009 wants 200 here; Keycloak puts an error in it all the same.
NOT_KNOWN = refused(200, "invalid_token", "Invalid token")


def revoke(
    name: str, token: Any, expect: Expect, client: Any = None, **more: str
) -> Row:
    """A row that takes a token back."""
    return Row(
        name=f"revocation: {name}",
        path="revoke",
        form=(("token", token), *more.items()),
        client=client or Basic("frontend"),
        expect=expect,
    )


ROWS = (
    revoke("an access token", Login(), DONE),
    revoke("a refresh token", Login(part="refresh_token"), DONE),
    revoke("an exchanged token", Exchanged(), DONE, Basic("django-app")),
    revoke("a service account's token", Service("frontend"), DONE),
    revoke("twice", Revoked(Login()), DONE),
    revoke("with a hint", Login(), DONE, token_type_hint="access_token"),
    revoke(
        "with a hint of a wrong kind", Login(), DONE, token_type_hint="refresh_token"
    ),
    revoke(
        "an ID token",
        Login(part="id_token"),
        refused(400, "unsupported_token_type", "Unsupported token type"),
    ),
    revoke("not a token", "nonsense", NOT_KNOWN),
    revoke("forged", Forged(), NOT_KNOWN),
    revoke(
        "another client's access token",
        Login(),
        refused(400, "invalid_request", "Unmatching clients"),
        Basic("django-app"),
    ),
    revoke(
        "another client's refresh token",
        Login(part="refresh_token"),
        refused(400, "invalid_request", "Unmatching clients"),
        Basic("django-app"),
    ),
    revoke(
        "wrong secret",
        "nonsense",
        refused(
            401, "unauthorized_client", "Invalid client or Invalid client credentials"
        ),
        Basic("frontend", "wrong"),
    ),
    revoke(
        "a public client's own",
        Login(client="frontend-public"),
        DONE,
        Public("frontend-public"),
    ),
    Row(
        name="revocation: no token",
        path="revoke",
        form=(),
        client=Basic("frontend"),
        expect=refused(400, "invalid_request", "Token not provided"),
    ),
    revoke("an unknown hint", Login(), DONE, token_type_hint="nonsense"),
    Row(
        name="revocation: two tokens",
        path="revoke",
        form=(("token", "one"), ("token", "two")),
        client=Basic("frontend"),
        expect=refused(400, "invalid_request", "duplicated parameter"),
    ),
)
