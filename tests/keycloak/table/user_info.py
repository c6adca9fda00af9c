"""What a provider tells of a token's user, and the users that are made of it."""

from tests.keycloak.brokering import (
    EXISTS,
    FAILED,
    UNCALLED,
    WRONG_TYPE,
    external_form,
    not_taken,
    taken,
)
from tests.keycloak.external import External, Newcomer
from tests.keycloak.impersonations import Beginning
from tests.keycloak.rows import refused
from tests.keycloak.servers import ID_TOKEN, JWT
from tests.keycloak.table.external import external

TOKENS = (
    *(
        external(f"user info {what}", external_form(token), UNCALLED)
        for what, token in (
            ("refuses the token", "nonsense"),
            ("refuses an empty token", ""),
            ("is no JSON", "opaque-garbled"),
        )
    ),
    external(
        "user info without sub",
        external_form("opaque-nobody"),
        not_taken("sub claim is null from user info json"),
    ),
    external(
        "user info does not answer", external_form(subject_issuer="stub-gone"), UNCALLED
    ),
    external(
        "user info is switched off",
        external_form(subject_issuer="stub-silent"),
        not_taken("user info service disabled"),
    ),
    external(
        "token too long",
        external_form("x" * 20_001),
        refused(
            400,
            "invalid_request",
            "The size of OIDC parameter 'subject_token' is longer than allowed.",
        ),
    ),
)

PEOPLE = (
    external(
        "a newcomer becomes a user with the realm's default roles",
        external_form(Newcomer()),
        taken(
            "",
            preferred_username=Beginning("new-"),
            family_name="Guest",
            email_verified=False,
        ),
    ),
    external(
        "a newcomer whose e-mail address is trusted",
        external_form(Newcomer(), subject_issuer="stub-lax"),
        taken("", preferred_username=Beginning("new-"), email_verified=True),
    ),
    *(
        external(
            f"a newcomer with {what}",
            external_form(f"opaque-{name}"),
            taken("", preferred_username=username, **claims),
        )
        for what, name, username, claims in (
            ("nothing but sub", "bare", "bare", {"email": None}),
            (
                "an e-mail address alone",
                "mailed",
                "mailed@provider.example",
                {"email": "mailed@provider.example"},
            ),
            (
                "a whole name alone",
                "fullname",
                "fullname",
                {"given_name": "Ann B", "family_name": "C"},
            ),
            ("spaces about the name", "spaced", "spaced", {}),
            ("a number as sub", "number", "number", {}),
        )
    ),
    external(
        "a newcomer with another's name", external_form("opaque-taken-name"), EXISTS
    ),
    external(
        "a newcomer with another's e-mail address",
        external_form("opaque-taken-mail"),
        EXISTS,
    ),
    external(
        "a disabled user",
        external_form("opaque-dana"),
        refused(400, "invalid_token", "Invalid Token"),
    ),
    external("a user who must act first", external_form("opaque-uma"), taken("uma")),
)

GITHUB = (
    *(
        external(
            f"GitHub: {what}",
            external_form("gho_gus", subject_issuer="github", without=without),
            taken("gus"),
        )
        for what, without in (
            ("a token of the user", ()),
            ("no subject_token_type", ("subject_token_type",)),
        )
    ),
    external(
        "GitHub: a newcomer",
        external_form("gho_hub", subject_issuer="github"),
        taken(
            "", preferred_username="hub", given_name="Hub", email="hub@github.example"
        ),
    ),
    external(
        "GitHub: a newcomer who hides their e-mail address",
        external_form("gho_shy", subject_issuer="github"),
        taken("", preferred_username="shy", email=None),
    ),
    external(
        "GitHub: refused", external_form("nonsense", subject_issuer="github"), UNCALLED
    ),
    external(
        "GitHub: without an id",
        external_form("gho_nobody", subject_issuer="github"),
        FAILED,
    ),
    *(
        external(
            f"{provider}: an ID token as {kind.rpartition(':')[2]}",
            external_form(
                External(), subject_issuer=provider.lower(), subject_token_type=kind
            ),
            WRONG_TYPE,
        )
        for provider in ("GitHub", "Google")
        for kind in (ID_TOKEN, JWT)
    ),
)

ROWS = (*TOKENS, *PEOPLE, *GITHUB)
