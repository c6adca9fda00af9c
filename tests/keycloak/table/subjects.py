"""Subject tokens that Keycloak does not accept, and one it does."""

from tests.keycloak.clients import Basic, Public
from tests.keycloak.rows import Row, exchange_form, issued, refused
from tests.keycloak.states import (
    Ended,
    Expired,
    Forged,
    HalfRevoked,
    LoggedOut,
    Revoked,
    ShutOut,
    Unsigned,
)
from tests.keycloak.steps import Exchanged, Login

INVALID = refused(400, "invalid_request", "Invalid token")
NOT_IN_AUDIENCE = refused(
    403, "access_denied", "Client is not within the token audience"
)

ROWS = (
    *(
        Row(name=f"subject: {what}", form=exchange_form(token), expect=INVALID)
        for what, token in (
            ("empty", ""),
            ("not a token", "nonsense"),
            ("three empty parts", "a.b.c"),
            ("a forged signature", Forged()),
            ("no signature", Unsigned()),
            ("a refresh token", Login(part="refresh_token")),
            ("an ID token", Login(part="id_token", client="django-app")),
            ("revoked", Revoked(Login())),
            ("logged out", LoggedOut()),
            ("exchanged before the logout", LoggedOut(exchanged=True)),
            ("its user was disabled", ShutOut()),
            ("its user was logged out by an administrator", Ended()),
            ("its refresh token revoked", HalfRevoked("refresh_token", "access_token")),
            ("expired", Expired(Login(client="short-app"))),
        )
    ),
    Row(
        name="subject: the requester is not in its audience",
        form=exchange_form(),
        client=Basic("stranger-app"),
        expect=NOT_IN_AUDIENCE,
    ),
    Row(
        name="subject: narrowed to a service, sent by that requester",
        form=exchange_form(Exchanged()),
        expect=issued("orders-api"),
    ),
    Row(
        name="subject: narrowed to a service, sent by another requester",
        form=exchange_form(Exchanged()),
        client=Basic("refresh-app"),
        expect=NOT_IN_AUDIENCE,
    ),
    Row(
        name="subject: a lightweight token that lists nobody",
        form=exchange_form(Login(client="frontend-light-bare")),
        expect=NOT_IN_AUDIENCE,
    ),
    Row(
        name="subject: a public requester",
        form=exchange_form(),
        client=Public("public-app"),
        expect=refused(
            400, "invalid_client", "Public client is not allowed to exchange token"
        ),
    ),
    Row(
        name="subject: a public requester's own token",
        form=exchange_form(Login(client="public-app")),
        client=Public("public-app"),
        expect=refused(
            400, "invalid_client", "Public client is not allowed to exchange token"
        ),
    ),
    # What is wrong with the token is said before what is wrong with the audience.
    Row(
        name="subject: invalid, and the audience unknown",
        form=exchange_form("nonsense", audience="nowhere-api"),
        expect=INVALID,
    ),
    Row(
        name="subject: the audience is unknown, and the requester not in the token",
        form=exchange_form(audience="nowhere-api"),
        client=Basic("stranger-app"),
        expect=refused(400, "invalid_client", "Audience not found"),
    ),
)
