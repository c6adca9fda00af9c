"""Requests to act as somebody: token types, subject tokens, requesters, parameters."""

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
from tests.keycloak.servers import ID_TOKEN, JWT, REFRESH_TOKEN, SAML2, USER_IDS
from tests.keycloak.states import Ended, Forged, LoggedOut, Revoked, ShutOut
from tests.keycloak.steps import Exchanged, Login

DEFAULTS = {"profile", "email", "shipping"}
NO_AUDIENCE = forbidden(
    "client not allowed to exchange to audience", impersonator="olga"
)
INVALID = refused(
    400,
    "invalid_request",
    "Invalid token",
    reason="subject_token validation failure",
)
WRONG_TYPE = refused(
    400,
    "invalid_request",
    "Invalid token type, must be access token",
    reason="subject_token supports access tokens only",
)
NO_SAML = refused(
    400, "invalid_client", "Client requires assertion consumer url set up"
)
UNSUPPORTED = refused(400, "invalid_request", "requested_token_type unsupported")
WITH_REFRESH = acting_as(
    "alice",
    more_keys=("id_token", "refresh_token"),
    body={"issued_token_type": REFRESH_TOKEN},
)

TYPES = (
    impersonation(
        "with no requested_token_type",
        impersonate_form(without=("requested_token_type",)),
        WITH_REFRESH,
    ),
    impersonation(
        "a refresh token asked for",
        impersonate_form(requested_token_type=REFRESH_TOKEN),
        WITH_REFRESH,
    ),
    *(
        impersonation(
            f"requested_token_type {kind.rpartition(':')[2]}",
            impersonate_form(requested_token_type=kind),
            expect,
        )
        for kind, expect in (
            (ID_TOKEN, UNSUPPORTED),
            (JWT, UNSUPPORTED),
            (SAML2, NO_SAML),
        )
    ),
    impersonation(
        "with no subject_token_type",
        impersonate_form(without=("subject_token_type",)),
        acting_as("alice"),
    ),
    *(
        impersonation(
            f"subject_token_type {kind.rpartition(':')[2]}",
            impersonate_form(subject_token_type=kind),
            WRONG_TYPE,
        )
        for kind in (ID_TOKEN, REFRESH_TOKEN, JWT)
    ),
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
    impersonation(
        "no operator",
        impersonate_form(without=("subject_token", "subject_token_type")),
        refused(500, "unknown_error"),
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

PARAMETERS = (
    impersonation(
        "for a service", impersonate_form(audience="orders-api"), NO_AUDIENCE
    ),
    impersonation(
        "for the requester itself",
        impersonate_form(audience="django-app"),
        acting_as("alice"),
    ),
    impersonation(
        "for an unknown audience",
        impersonate_form(audience="nowhere-api"),
        refused(400, "invalid_client", "Audience not found"),
    ),
    impersonation(
        "for a disabled audience",
        impersonate_form(audience="retired-api"),
        refused(400, "invalid_client", "Client disabled"),
    ),
    *(
        impersonation(
            f"scope {what}",
            impersonate_form(
                Login(user="olga", client=client, scope=held), scope=asked
            ),
            acting_as("alice", more_keys=keys, scope=given),
        )
        for what, client, held, asked, keys, given in (
            (
                "of the operator's",
                "frontend",
                "openid",
                "openid",
                ("id_token",),
                {"openid", *DEFAULTS},
            ),
            ("beyond the operator's", "frontend", "openid", "orders", (), DEFAULTS),
            ("unknown", "frontend", "openid", "nonsense", (), DEFAULTS),
            ("empty", "frontend", "openid", "", (), DEFAULTS),
            (
                "openid, not the operator's",
                "frontend",
                "profile",
                "openid",
                (),
                DEFAULTS,
            ),
            (
                "openid although the operator's is offline",
                "django-app",
                "openid offline_access",
                "openid",
                ("id_token",),
                {"openid", *DEFAULTS},
            ),
        )
    ),
    impersonation(
        "with an offline scope, unless another is asked for",
        impersonate_form(
            Login(user="olga", client="django-app", scope="openid offline_access")
        ),
        acting_as("alice", jti=Beginning("ofrtna:")),
    ),
    impersonation(
        "with a name too long, which is dropped: the operator's own token",
        impersonate_form(requested_subject="x" * 4001),
        issued("shipping-api", "account", "realm-management", sub=USER_IDS["olga"]),
    ),
    impersonation(
        "with requested_issuer",
        impersonate_form(requested_issuer="elsewhere"),
        refused(400, "invalid_request", "Invalid issuer"),
    ),
    impersonation(
        "with subject_issuer",
        impersonate_form(subject_issuer="elsewhere"),
        refused(400, "invalid_issuer", "Invalid subject_issuer parameter"),
    ),
)

ROWS = (*TYPES, *SUBJECTS, *REQUESTERS, *PARAMETERS)
