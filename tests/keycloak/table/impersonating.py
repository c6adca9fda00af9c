"""Requests to act as somebody: token types, audience, scope, other parameters."""

from tests.keycloak.impersonations import (
    Beginning,
    acting_as,
    forbidden,
    impersonate_form,
    impersonation,
)
from tests.keycloak.rows import issued, refused
from tests.keycloak.servers import ID_TOKEN, JWT, REFRESH_TOKEN, SAML2, USER_IDS
from tests.keycloak.steps import Login

DEFAULTS = {"profile", "email", "shipping"}
NO_AUDIENCE = forbidden(
    "client not allowed to exchange to audience", impersonator="olga"
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

ROWS = (*TYPES, *PARAMETERS)
