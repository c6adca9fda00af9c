"""Logout by the back channel, with a refresh token."""

from typing import Any

from tests.keycloak.clients import Basic
from tests.keycloak.rows import Expect, Row, refused
from tests.keycloak.states import LoggedOut
from tests.keycloak.steps import Login


def logout(name: str, token: Any, expect: Expect, client: Any = None) -> Row:
    """A row that ends a session."""
    return Row(
        name=f"logout: {name}",
        path="logout",
        form=(("refresh_token", token),),
        client=client or Basic("frontend"),
        expect=expect,
    )


ROWS = (
    logout("a session", Login(part="refresh_token"), Expect(status=204)),
    logout(
        "a session that has ended", LoggedOut(part="refresh_token"), Expect(status=204)
    ),
    logout(
        "not a token",
        "nonsense",
        refused(400, "invalid_grant", "Invalid refresh token"),
    ),
    logout(
        "another client's",
        Login(part="refresh_token"),
        refused(
            400,
            "invalid_grant",
            "Invalid refresh token. Token client and authorized client don't match",
        ),
        Basic("django-app"),
    ),
    logout(
        "wrong secret",
        Login(part="refresh_token"),
        refused(
            401, "unauthorized_client", "Invalid client or Invalid client credentials"
        ),
        Basic("frontend", "wrong"),
    ),
)
