"""What admin permissions allow: tokens for other clients."""

from typing import Any

from tests.keycloak.brokering import (
    GATEWAY,
    FromProvider,
    at_broker,
    external_form,
    taken,
)
from tests.keycloak.clients import Basic, Public
from tests.keycloak.impersonations import Beginning, forbidden
from tests.keycloak.realms import BROKER, id_of
from tests.keycloak.rows import Expect, Row, exchange_form, issued, refused
from tests.keycloak.servers import REFRESH_TOKEN
from tests.keycloak.steps import Login

NORA = Login(user="nora", client="frontend")
NO_AUDIENCE = forbidden("client not allowed to exchange to audience")
REPORTS = ("orders-api", "account", "reports-api")
IN_REPORTS: dict[str, Any] = {"lifetime": 120, "scope": {"email"}}


def audience_form(subject: Any = NORA, **changes: Any) -> Any:
    """A legacy exchange of a user's token for another client."""
    changes = {"audience": "reports-api", **changes}
    return exchange_form(subject, without=("scope", "subject_token_type"), **changes)


def permitted(
    name: str, form: Any, expect: Expect, client: Any = GATEWAY, **more: Any
) -> Row:
    """A row about a permission."""
    return at_broker(f"permitted: {name}", form, expect, client, **more)


def reports(**changes: Any) -> Expect:
    """Nora's token for the reports, issued to the gateway."""
    wanted = {
        "sub": id_of(BROKER, "nora"),
        "azp": "gateway",
        "jti": Beginning("onrtna:"),
        **IN_REPORTS,
        **changes,
    }
    return issued(*REPORTS, **wanted)


WITH_ID = {"more_keys": ("id_token",), "scope": {"openid", "email"}}

AUDIENCES = (
    # Whether the requester is in the token's audience is not asked.
    *(
        permitted(f"for another client, {what}", audience_form(token), expect)
        for what, token, expect in (
            ("a token for the requester", NORA, reports(**WITH_ID)),
            (
                "a token for somebody else",
                Login(user="nora", client="caretaker", scope=""),
                reports(),
            ),
            (
                "the requester's own",
                Login(user="nora", client="gateway", scope=""),
                reports(),
            ),
        )
    ),
    permitted(
        "for another client, and a refresh token",
        audience_form(requested_token_type=REFRESH_TOKEN),
        reports(
            body={"issued_token_type": REFRESH_TOKEN},
            **{**WITH_ID, "more_keys": ("id_token", "refresh_token")},
        ),
    ),
    permitted(
        "for another client that is lightweight",
        audience_form(audience="light-api"),
        issued(
            "light-api",
            azp="gateway",
            kept=("sid",),
            more_keys=("id_token",),
            absent=("sub", "realm_access"),
            jti=Beginning("onltna:"),
        ),
    ),
    *(
        permitted(f"for {what}", audience_form(audience=audience), expect)
        for what, audience, expect in (
            ("a client without permission", "vault-api", NO_AUDIENCE),
            ("a permission without policy", "empty-api", NO_AUDIENCE),
            (
                "an unknown client",
                "nowhere-api",
                refused(400, "invalid_client", "Audience not found"),
            ),
            (
                "a disabled client",
                "retired-api",
                refused(400, "invalid_client", "Client disabled"),
            ),
            (
                "two clients, one of them without permission",
                ("reports-api", "vault-api"),
                NO_AUDIENCE,
            ),
            # The first one alone is in the token.
            (
                "the requester itself and another client",
                ("gateway", "reports-api"),
                issued(
                    "orders-api",
                    "account",
                    azp="gateway",
                    more_keys=("id_token",),
                    scope={"openid", "profile", "email"},
                ),
            ),
        )
    ),
    permitted(
        "for another client, a requester without permission",
        audience_form(),
        NO_AUDIENCE,
        Basic("bystander"),
    ),
    permitted(
        "for another client, a public requester with its own token",
        audience_form(Login(user="nora", client="gateway-public", scope="")),
        reports(azp="gateway-public"),
        Public("gateway-public"),
    ),
    permitted(
        "for another client, a public requester with another's token",
        audience_form(),
        forbidden(
            "client is not the token holder", "Client is not the holder of the token"
        ),
        Public("gateway-public"),
    ),
    permitted(
        "nothing without permissions", audience_form(), NO_AUDIENCE, only="legacy"
    ),
    *(
        permitted(
            f"a provider's token for {audience}",
            external_form(audience=audience),
            expect,
        )
        for audience, expect in (
            (
                "reports-api",
                taken("gus", *REPORTS, preferred_username=None, **IN_REPORTS),
            ),
            ("gateway", taken("gus")),
            ("vault-api", NO_AUDIENCE),
            ("nowhere-api", refused(400, "invalid_client", "Audience not found")),
        )
    ),
)

OFFLINE = {
    "scope": "offline_access",
    "requested_token_type": REFRESH_TOKEN,
}

LATER = (
    permitted(
        "a provider's token, its user to come back offline",
        (
            ("grant_type", "refresh_token"),
            ("refresh_token", FromProvider(part="refresh_token", more=OFFLINE)),
        ),
        Expect(claims={"sub": id_of(BROKER, "gus"), "azp": "gateway"}),
    ),
    permitted(
        "a provider's token, offline, as the subject of another exchange",
        exchange_form(
            FromProvider(more={"scope": "offline_access"}), without=("scope",)
        ),
        refused(400, "invalid_request", "Invalid token"),
    ),
)

ROWS = (*AUDIENCES, *LATER)
