"""Who asks to act as somebody: the operator's token, and the client that sends it."""

from tests.keycloak.clients import Basic, Public
from tests.keycloak.impersonations import (
    OLGA,
    Beginning,
    acting_as,
    forbidden,
    impersonate_form,
    impersonation,
)
from tests.keycloak.rows import issued, refused
from tests.keycloak.states import Ended, Forged, LoggedOut, Revoked, ShutOut
from tests.keycloak.steps import Exchanged, Login

INVALID = refused(
    400,
    "invalid_request",
    "Invalid token",
    reason="subject_token validation failure",
)

SUBJECTS = (
    *(
        impersonation(f"operator's token {what}", impersonate_form(token), INVALID)
        for what, token in (
            ("empty", ""),
            ("not a token", "nonsense"),
            ("forged", Forged(OLGA)),
            ("revoked", Revoked(OLGA)),
            ("logged out", LoggedOut(OLGA)),
            ("ended by an administrator", Ended(OLGA, user="olga")),
            ("of a disabled operator", ShutOut(OLGA, user="olga")),
            ("a refresh token", Login(user="olga", part="refresh_token")),
        )
    ),
    impersonation(
        "operator's token lightweight",
        impersonate_form(Login(user="olga", client="frontend-light")),
        acting_as("alice"),
    ),
    impersonation(
        "operator's token the requester's own",
        impersonate_form(Login(user="olga", client="django-app")),
        acting_as("alice"),
    ),
    impersonation(
        "operator's token narrowed to a service",
        impersonate_form(Exchanged(OLGA)),
        acting_as("alice", "orders-api", "shipping-api", "account", more_keys=()),
    ),
    # Keycloak fails to ask for permissions that its features do not know.
    *(
        impersonation(
            "no operator",
            impersonate_form(without=("subject_token", "subject_token_type")),
            expect,
            only=features,
        )
        for features, expect in (
            ("legacy", refused(500, "unknown_error")),
            ("permissions", forbidden("client not allowed to impersonate")),
        )
    ),
    impersonation(
        "no operator, a public requester",
        impersonate_form(without=("subject_token", "subject_token_type")),
        forbidden("public clients not allowed"),
        Public("public-app"),
    ),
)

REQUESTERS = (
    impersonation(
        "requester not in the token's audience",
        impersonate_form(),
        forbidden(
            "client is not within the token audience",
            "Client is not within the token audience",
        ),
        Basic("stranger-app"),
    ),
    impersonation(
        "requester public",
        impersonate_form(),
        forbidden(
            "client is not the token holder", "Client is not the holder of the token"
        ),
        Public("public-app"),
    ),
    impersonation(
        "requester public, the token its own",
        impersonate_form(Login(user="olga", client="frontend-public")),
        acting_as("alice", "django-app", "account", azp="frontend-public"),
        Public("frontend-public"),
    ),
    impersonation(
        "requester asks for consent",
        impersonate_form(),
        refused(
            400,
            "invalid_client",
            "Client requires user consent",
            reason="audience requires consent",
        ),
        Basic("consent-app"),
    ),
    impersonation(
        "requester without the standard exchange's switch",
        impersonate_form(),
        acting_as("alice", "account", azp="plain-app"),
        Basic("plain-app"),
    ),
    impersonation(
        "requester lightweight, so that nobody is named",
        impersonate_form(),
        issued(
            azp="lightweight-app",
            kept=(),
            changed=("sid",),
            more_keys=("id_token",),
            absent=("sub", "realm_access"),
            jti=Beginning("onltna:"),
            aud=None,
        ),
        Basic("lightweight-app"),
    ),
)

ROWS = (*SUBJECTS, *REQUESTERS)
