"""Tokens of an identity provider in exchange for those of a user who is linked."""

from typing import Any

from tests.keycloak.brokering import (
    FAILED,
    GATEWAY,
    FromProvider,
    at_broker,
)
from tests.keycloak.clients import Basic
from tests.keycloak.external import External
from tests.keycloak.impersonations import forbidden
from tests.keycloak.realms import BROKER, id_of
from tests.keycloak.rows import Expect, Row, exchange_form, refused
from tests.keycloak.servers import (
    ACCESS_TOKEN,
    ID_TOKEN,
    JWT,
    REFRESH_TOKEN,
)
from tests.keycloak.steps import Exchanged, Login

NORA = Login(user="nora", client="frontend")
LINK = "account-link-url"
BARE = frozenset({"expires_in", "refresh_expires_in", "not-before-policy"})
HELD = BARE | {"access_token", "issued_token_type"}
SHUT = forbidden("client not allowed to exchange for requested_issuer")
UNSUPPORTED = refused(
    400,
    "invalid_target",
    "response_token_type_unsupported",
    reason="requested_token_type unsupported",
)


def linking(error: str, said: str, reason: str) -> Expect:
    """A refusal that says where the user can link the account."""
    return Expect(
        status=400,
        body={"error": error, "error_description": said},
        keys=frozenset({"error", "error_description", LINK}),
        event={"reason": reason},
    )


NOT_LINKED = linking(
    "not_linked", "identity provider is not linked", "requested_issuer is not linked"
)
NOT_HERE = linking(
    "not_linked",
    "identity provider is not linked, can only link to current user session",
    "requested_issuer has not linked",
)


def given(token: str, expires_in: Any = 0, *more: str) -> Expect:
    """The provider's token, in the odd reply that has few members."""
    body = {
        "access_token": token,
        "expires_in": expires_in,
        "refresh_expires_in": 0,
        "not-before-policy": 0,
        "issued_token_type": ACCESS_TOKEN,
    }
    if "token_type" in more:
        body["token_type"] = "Bearer"
    return Expect(body=body, keys=HELD | set(more), event={"reason": None})


def linked(
    name: str,
    token: Any,
    expect: Expect,
    issuer: str = "stub-stored",
    client: Any = GATEWAY,
    **changes: Any,
) -> Row:
    """A row that asks for a provider's token."""
    without = ["audience", "scope", *changes.pop("without", ())]
    form = exchange_form(token, without=without, requested_issuer=issuer, **changes)
    return at_broker(f"linked: {name}", form, expect, client)


ISSUERS = (
    *(
        linked(f"requested_issuer {what}", NORA, expect, issuer)
        for what, issuer, expect in (
            (
                "unknown",
                "nowhere",
                refused(
                    400,
                    "invalid_request",
                    "Invalid issuer",
                    reason="unknown requested_issuer",
                    requested_issuer="nowhere",
                ),
            ),
            ("empty", "", refused(400, "invalid_request", "Invalid issuer")),
            (
                "of a SAML provider",
                "saml",
                refused(
                    400,
                    "invalid_request",
                    "Issuer does not support token exchange",
                    reason="exchange unsupported by requested_issuer",
                ),
            ),
            ("of a provider of assertions", "grant", FAILED),
            ("disabled", "github-off", FAILED),
            ("without permission", "stub-unlisted", SHUT),
            ("that is not linked", "stub-stored", NOT_LINKED),
            ("that stores nothing", "stub", NOT_HERE),
            ("of Google", "google", NOT_HERE),
        )
    ),
    linked("a client without permission", NORA, SHUT, client=Basic("bystander")),
    linked("a token for others", Login(user="nora", client="caretaker"), NOT_LINKED),
    linked(
        "a linked account without a token",
        Login(user="carl", client="frontend"),
        NOT_LINKED,
    ),
    *(
        linked(what, NORA, expect, **changes)
        for what, changes, expect in (
            (
                "no requested_token_type",
                {"without": ("requested_token_type",)},
                NOT_LINKED,
            ),
            ("an ID token asked for", {"requested_token_type": ID_TOKEN}, UNSUPPORTED),
            (
                "a refresh token asked for",
                {"requested_token_type": REFRESH_TOKEN},
                UNSUPPORTED,
            ),
            ("audience is not looked at", {"audience": "nowhere-api"}, NOT_LINKED),
            (
                "no token",
                {"without": ("subject_token", "subject_token_type")},
                FAILED,
            ),
            (
                "no token, and a subject",
                {
                    "without": ("subject_token", "subject_token_type"),
                    "requested_subject": id_of(BROKER, "gus"),
                    "client": Basic("caretaker"),
                },
                SHUT,
            ),
        )
    ),
    linked(
        "not a token",
        "nonsense",
        refused(400, "invalid_request", "Invalid token"),
    ),
)

ID = External()

EXCHANGED = (
    *(
        linked(f"of a session by exchange, {what}", subject, expect, issuer, **changes)
        for what, subject, issuer, changes, expect in (
            ("an access token", FromProvider(), "stub", {}, given("opaque-gus")),
            (
                "no requested_token_type",
                FromProvider(),
                "stub",
                {"without": ("requested_token_type",)},
                given("opaque-gus"),
            ),
            (
                "GitHub's",
                FromProvider("gho_gus", issuer="github"),
                "github",
                {},
                given("gho_gus"),
            ),
            (
                "narrowed since",
                Exchanged(FromProvider(), client="gateway", scope=""),
                "stub",
                {},
                given("opaque-gus"),
            ),
            (
                "a stored token of the same provider is not looked at",
                FromProvider(issuer="stub-stored"),
                "stub-stored",
                {},
                given("opaque-gus"),
            ),
            ("another provider's", FromProvider(), "stub-plain", {}, NOT_HERE),
            (
                "an ID token of an access token's session",
                FromProvider(),
                "stub",
                {"requested_token_type": ID_TOKEN},
                UNSUPPORTED,
            ),
            (
                "a refresh token",
                FromProvider(),
                "stub",
                {"requested_token_type": REFRESH_TOKEN},
                UNSUPPORTED,
            ),
        )
    ),
    # What is handed out as the access token is the ID token that was handed in.
    *(
        linked(
            f"of a session by exchange, {kind.rpartition(':')[2]} as {asked}",
            FromProvider(ID, kind=kind),
            Expect(body={"expires_in": 0, "issued_token_type": told}, keys=keys),
            "stub",
            requested_token_type=told,
        )
        for kind in (ID_TOKEN, JWT)
        for asked, told, keys in (
            ("an access token", ACCESS_TOKEN, HELD),
            ("an ID token", ID_TOKEN, BARE | {"id_token", "issued_token_type"}),
        )
    ),
)

ROWS = (*ISSUERS, *EXCHANGED)
