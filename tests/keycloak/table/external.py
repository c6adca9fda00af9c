"""Tokens of an identity provider: which client may have them taken, and how."""

from typing import Any

from tests.keycloak.brokering import (
    FAILED,
    GATEWAY,
    NO_ISSUER,
    WRONG_TYPE,
    at_broker,
    external_form,
    taken,
)
from tests.keycloak.clients import Basic, Public
from tests.keycloak.external import Spelled
from tests.keycloak.impersonations import Beginning, forbidden
from tests.keycloak.proofs import Proof, thumbprint
from tests.keycloak.rows import Row, refused
from tests.keycloak.servers import ID_TOKEN, JWT, REFRESH_TOKEN, SAML2

SHUT = forbidden("client not allowed to exchange subject_issuer")
UNSUPPORTED = refused(400, "invalid_request", "requested_token_type unsupported")
NO_SAML = refused(
    400, "invalid_client", "Client requires assertion consumer url set up"
)
REFRESHED: dict[str, Any] = {
    "more_keys": ("refresh_token",),
    "body": {"issued_token_type": REFRESH_TOKEN},
}
DEFAULTS = {"profile", "email"}


def external(name: str, form: Any, expect: Any, client: Any = None, **more: Any) -> Row:
    """A row about a provider's token."""
    return at_broker(f"external: {name}", form, expect, client or GATEWAY, **more)


FEATURES = (
    external(
        "not without legacy exchange",
        external_form(),
        refused(
            400,
            "invalid_request",
            "Parameter 'subject_issuer' is not supported for standard token exchange",
        ),
        only="standard",
    ),
    external("not without permissions", external_form(), SHUT, only="legacy"),
    external(
        "a token of the user",
        external_form(),
        taken(
            "gus",
            scope=DEFAULTS,
            event={
                "reason": None,
                "subject_issuer": "stub",
                "validation_method": "user info",
            },
        ),
    ),
)

CLIENTS = (
    *(
        external(f"{what} without permission", external_form(**asked), SHUT, client)
        for what, asked, client in (
            ("a client", {}, Basic("bystander")),
            ("a provider", {"subject_issuer": "stub-unlisted"}, GATEWAY),
            ("a permission", {"subject_issuer": "stub-empty"}, GATEWAY),
        )
    ),
    *(
        external(
            f"a {what}", external_form(), taken("gus", "account", azp=name), client
        )
        for what, name, client in (
            ("client without the switch", "gateway-plain", Basic("gateway-plain")),
            ("public client", "gateway-public", Public("gateway-public")),
        )
    ),
    external(
        "bound to a key",
        external_form(),
        taken(
            "gus",
            body={"token_type": "DPoP"},
            typ="DPoP",
            cnf={"jkt": thumbprint("first"), "kc-jkt-type": "DPoP"},
            absent=("act",),
        ),
        headers=(("DPoP", Proof()),),
    ),
)

ISSUERS = (
    *(
        external(
            f"subject_issuer {what}", external_form(subject_issuer=named), NO_ISSUER
        )
        for what, named in (
            ("unknown", "nowhere"),
            ("empty", ""),
            ("of a SAML provider", "saml"),
            ("of a provider of assertions", "grant"),
            ("of a disabled provider", "github-off"),
        )
    ),
    *(
        external(
            f"subject_issuer the issuer {what}",
            external_form(subject_issuer=Spelled(address)),
            taken("gus"),
        )
        for what, address in (
            ("itself", "{provider}"),
            ("of another", "{provider}/plain"),
        )
    ),
    external(
        "subject_issuer twice",
        external_form(subject_issuer=("stub", "stub")),
        refused(400, "invalid_request", "duplicated parameter"),
    ),
    external(
        "subject_issuer without a token",
        external_form(without=("subject_token",)),
        FAILED,
    ),
    external(
        "requested_subject is not looked at",
        external_form(requested_subject="nora"),
        taken("gus"),
    ),
    external(
        "requested_issuer is not looked at",
        external_form(requested_issuer="stub"),
        taken("gus"),
    ),
)

TYPES = (
    external(
        "no requested_token_type hands out a refresh token",
        external_form(without=("requested_token_type",)),
        taken("gus", **REFRESHED),
    ),
    external(
        "a refresh token asked for",
        external_form(requested_token_type=REFRESH_TOKEN),
        taken("gus", **REFRESHED),
    ),
    *(
        external(
            f"requested_token_type {kind.rpartition(':')[2]}",
            external_form(requested_token_type=kind),
            expect,
        )
        for kind, expect in (
            (ID_TOKEN, UNSUPPORTED),
            (JWT, UNSUPPORTED),
            (SAML2, NO_SAML),
        )
    ),
    external(
        "no subject_token_type is an access token's",
        external_form(without=("subject_token_type",)),
        taken("gus"),
    ),
    *(
        external(
            f"subject_token_type {kind.rpartition(':')[2]}",
            external_form(subject_token_type=kind),
            WRONG_TYPE,
        )
        for kind in (REFRESH_TOKEN, SAML2, "access_token")
    ),
    external(
        "scope openid",
        external_form(scope="openid"),
        taken("gus", more_keys=("id_token",), scope={"openid", *DEFAULTS}),
    ),
    external(
        "scope unknown is dropped",
        external_form(scope="openid nonsense"),
        taken("gus", more_keys=("id_token",), scope={"openid", *DEFAULTS}),
    ),
    external("scope empty", external_form(scope=""), taken("gus", scope=DEFAULTS)),
    external(
        "scope offline_access",
        external_form(scope="offline_access"),
        taken("gus", scope={"offline_access", *DEFAULTS}, jti=Beginning("ofrtna:")),
    ),
)

ROWS = (*FEATURES, *CLIENTS, *ISSUERS, *TYPES)
