"""Refresh tokens: ordinary ones, and those that an exchange handed out."""

from typing import Any

from tests.keycloak.clients import Basic
from tests.keycloak.rows import Expect, Form, Row, exchange_form, issued, refused
from tests.keycloak.servers import REFRESH_TOKEN, USER_IDS
from tests.keycloak.states import Ended, HalfRevoked, LoggedOut, Revoked, ShutOut
from tests.keycloak.steps import Exchanged, Login, Service

NEEDS_SESSION = refused(
    400,
    "invalid_request",
    "Refresh token not valid as requested_token_type because creating a new session"
    " is needed",
)
REFRESHABLE = Login(part="refresh_token")
EXCHANGED = Exchanged(
    client="refresh-app", requested=REFRESH_TOKEN, part="refresh_token"
)


def refresh(token: Any, **more: str) -> Form:
    """A request of the refresh grant."""
    return (
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        *more.items(),
    )


ROWS = (
    Row(
        name="refresh: a new pair in the same session",
        form=refresh(REFRESHABLE),
        client=Basic("frontend"),
        expect=Expect(
            body={"token_type": "Bearer", "scope": {"openid", "profile", "email"}},
            claims={"sub": USER_IDS["alice"], "azp": "frontend"},
            present=frozenset({"sid"}),
        ),
    ),
    Row(
        name="refresh: fewer scopes",
        form=refresh(REFRESHABLE, scope="openid"),
        client=Basic("frontend"),
        expect=Expect(body={"token_type": "Bearer"}),
    ),
    Row(
        name="refresh: a scope that was not granted",
        form=refresh(REFRESHABLE, scope="orders"),
        client=Basic("frontend"),
        expect=refused(400, "invalid_scope", "Invalid scopes: orders"),
    ),
    *(
        Row(
            name=f"refresh: {what}",
            form=refresh(token),
            client=Basic("frontend"),
            expect=refused(400, "invalid_grant", said),
        )
        for what, token, said in (
            ("not a token", "nonsense", "Invalid refresh token"),
            ("an access token", Login(), "Invalid refresh token"),
            ("revoked", Revoked(REFRESHABLE), "Session not active"),
            (
                "logged out by an administrator",
                Ended(Login("dora", part="refresh_token")),
                "Session not active",
            ),
            (
                "after the logout",
                LoggedOut(part="refresh_token"),
                "Session not active",
            ),
            (
                "disabled user",
                ShutOut(Login("dora", part="refresh_token")),
                "User disabled",
            ),
        )
    ),
    Row(
        name="refresh: it outlives the revocation of the access token",
        form=refresh(HalfRevoked("access_token", "refresh_token")),
        client=Basic("frontend"),
        expect=Expect(claims={"sub": USER_IDS["alice"]}),
    ),
    Row(
        name="refresh: none",
        form=(("grant_type", "refresh_token"),),
        client=Basic("frontend"),
        expect=refused(400, "invalid_request", "No refresh token"),
    ),
    Row(
        name="refresh: another client's",
        form=refresh(REFRESHABLE),
        client=Basic("django-app"),
        expect=refused(
            400,
            "invalid_grant",
            "Invalid refresh token. Token client and authorized client don't match",
        ),
    ),
    Row(
        name="refresh exchange: the switch hands one out",
        form=exchange_form(requested_token_type=REFRESH_TOKEN),
        client=Basic("refresh-app"),
        expect=issued(
            "orders-api",
            more_keys=("refresh_token",),
            body={"issued_token_type": REFRESH_TOKEN},
            azp="refresh-app",
        ),
    ),
    Row(
        name="refresh exchange: an access token comes without",
        form=exchange_form(),
        client=Basic("refresh-app"),
        expect=issued("orders-api", azp="refresh-app"),
    ),
    Row(
        # The narrowing to the requested audience does not outlive the first token.
        name="refresh exchange: it forgets the narrowing",
        form=refresh(EXCHANGED),
        client=Basic("refresh-app"),
        expect=Expect(
            claims={
                "aud": {"orders-api", "account"},
                "sub": USER_IDS["alice"],
                "azp": "refresh-app",
            }
        ),
    ),
    Row(
        name="refresh exchange: not for another client",
        form=refresh(EXCHANGED),
        client=Basic("django-app"),
        expect=refused(
            400,
            "invalid_grant",
            "Invalid refresh token. Token client and authorized client don't match",
        ),
    ),
    Row(
        name="refresh exchange: revoked",
        form=refresh(Revoked(EXCHANGED, client="refresh-app")),
        client=Basic("refresh-app"),
        expect=refused(400, "invalid_grant", "Session doesn't have required client"),
    ),
    Row(
        name="refresh exchange: not for a service account",
        form=exchange_form(Service("frontend"), requested_token_type=REFRESH_TOKEN),
        client=Basic("refresh-app"),
        expect=NEEDS_SESSION,
    ),
    Row(
        name="refresh exchange: not from an offline session",
        form=exchange_form(
            Login(scope="openid offline_access"), requested_token_type=REFRESH_TOKEN
        ),
        client=Basic("refresh-app"),
        expect=NEEDS_SESSION,
    ),
    Row(
        name="refresh exchange: not with offline_access",
        form=exchange_form(
            requested_token_type=REFRESH_TOKEN, scope="orders offline_access"
        ),
        client=Basic("refresh-app"),
        expect=refused(
            400,
            "invalid_request",
            "Scope offline_access not allowed for token exchange",
        ),
    ),
)
