"""Signed tokens of an identity provider: what is checked of them, and what is not."""

from typing import Any

from tests.keycloak.brokering import (
    EXISTS,
    FAILED,
    INVALID,
    NO_ISSUER,
    NO_JSON,
    UNCALLED,
    UNKNOWN_TYPE,
    external_form,
    taken,
)
from tests.keycloak.external import External
from tests.keycloak.rows import Expect, Row, refused
from tests.keycloak.servers import ID_TOKEN, JWT
from tests.keycloak.table.external import external

BY_SIGNATURE = taken(
    "gus", event={"reason": None, "validation_method": "signature"}, typ="Bearer"
)
BY_USER_INFO = taken("gus", event={"reason": None, "validation_method": "user info"})
NOT_A_TOKEN = refused(
    400,
    "invalid_request",
    "Invalid token type, must be access token",
    reason="unable to parse jwt subject_token",
)


def signed(
    name: str, token: Any, expect: Expect, issuer: str = "stub", kind: str = ID_TOKEN
) -> Row:
    """A row about an ID token."""
    form = external_form(token, subject_issuer=issuer, subject_token_type=kind)
    return external(f"ID token {name}", form, expect)


def by_itself(name: str, token: Any, expect: Expect) -> Row:
    """A row about a token that says itself who issued it."""
    form = external_form(token, subject_token_type=JWT, without=("subject_issuer",))
    return external(f"JWT {name}", form, expect)


CLAIMS = (
    # Nobody asks for whom it was issued.
    *(
        signed(f"for {what}", token, BY_SIGNATURE)
        for what, token in (
            ("somebody else", External()),
            ("several others", External(audience=("one", "two"))),
            ("nobody", External(claims={"aud": None})),
            ("another client of the provider", External(claims={"azp": "other"})),
        )
    ),
    *(
        signed(f"whose typ is {kind}", External(kind=kind), expect)
        for kind, expect in (
            # An access token passes for an ID token.
            ("Bearer", BY_SIGNATURE),
            ("at+jwt", BY_SIGNATURE),
            ("application/at+jwt", BY_SIGNATURE),
            ("JWT", UNKNOWN_TYPE),
            ("Logout", UNKNOWN_TYPE),
            ("Refresh", UNKNOWN_TYPE),
            (None, UNKNOWN_TYPE),
        )
    ),
    *(
        signed(
            f"whose typ is {kind}, and the provider does not check it",
            External(path="/lax", kind=kind),
            BY_SIGNATURE,
            "stub-lax",
        )
        for kind in ("Logout", None)
    ),
    *(
        signed(what, token, expect)
        for what, token, expect in (
            ("that has expired", External(lifetime=-2), INVALID),
            # A token without an end is taken for good.
            ("without exp", External(lifetime=None), BY_SIGNATURE),
            ("whose exp is 0", External(claims={"exp": 0}), BY_SIGNATURE),
            ("that begins later", External(not_before=60), INVALID),
            ("issued in the future", External(age=-600), BY_SIGNATURE),
            ("issued long ago", External(age=999_999), BY_SIGNATURE),
            ("without iat", External(age=None), BY_SIGNATURE),
            ("of another issuer", External(path="/other"), INVALID),
            ("without iss", External(claims={"iss": None}), INVALID),
            ("without sub", External(claims={"sub": None}), FAILED),
            (
                "of a newcomer with another's name",
                External(claims={"sub": "stranger", "preferred_username": "nora"}),
                EXISTS,
            ),
        )
    ),
)

KEYS = (
    *(
        signed(f"signed {how}", token, expect)
        for how, token, expect in (
            ("by somebody else", External(key="stranger"), INVALID),
            ("by an unknown key", External(kid="unknown"), INVALID),
            ("by a key that it does not name", External(kid=None), BY_SIGNATURE),
            ("by nobody", External(algorithm="none", kid=None), INVALID),
            ("with another algorithm of the key", External(algorithm="RS384"), INVALID),
            (
                "by an elliptic key",
                External(algorithm="ES256", key="e1", kid="e1"),
                BY_SIGNATURE,
            ),
        )
    ),
    *(
        signed(
            f"signed by a key that the realm keeps as {what}",
            External(path=path, key=key),
            expect,
            issuer,
        )
        for what, path, issuer, key, expect in (
            ("PEM", "/pem", "stub-pem", "k1", BY_SIGNATURE),
            ("PEM, somebody else's", "/pem", "stub-pem", "stranger", INVALID),
            ("a key set", "/inline", "stub-jwks", "k1", BY_SIGNATURE),
            ("a key set, somebody else's", "/inline", "stub-jwks", "other", INVALID),
        )
    ),
    signed(
        "of a provider whose keys cannot be fetched",
        External(path="/gone"),
        INVALID,
        "stub-gone",
    ),
    signed(
        "of a provider that has no user info",
        External(path="/silent"),
        BY_SIGNATURE,
        "stub-silent",
    ),
)

NO_TOKENS = (
    *(
        signed(f"that is no token: {text or 'empty'}", text, expect)
        for text, expect in (
            ("opaque-gus", NO_JSON),
            ("nonsense", NO_JSON),
            ("bm90anNvbg.e30.AA", NO_JSON),
            ("", refused(500, "unknown_error", "Cannot parse the JSON")),
            ("a.b.c", FAILED),
            ("....", FAILED),
            ("e30", FAILED),
            ("eyJhbGciOiJYWCJ9.e30.AA", FAILED),
            ("e30.e30.e30", INVALID),
            ("eyJhbGciOiJSUzI1NiJ9.e30.AA", INVALID),
        )
    ),
)

UNCHECKED = (
    *(
        signed(f"of a provider without keys: {what}", token, expect, "stub-plain", kind)
        for what, token, expect, kind in (
            ("asked for", External(path="/plain"), BY_USER_INFO, ID_TOKEN),
            ("of any typ", External(path="/plain", kind="x"), BY_USER_INFO, ID_TOKEN),
            (
                "of another issuer",
                External(path="/other"),
                INVALID,
                ID_TOKEN,
            ),
            (
                "that it does not know",
                External(path="/plain", key="stranger"),
                UNCALLED,
                ID_TOKEN,
            ),
            ("opaque", "opaque-gus", NO_JSON, ID_TOKEN),
            ("opaque, called a JWT", "opaque-gus", BY_USER_INFO, JWT),
        )
    ),
)

ITSELF = (
    by_itself("of a known issuer", External(), BY_SIGNATURE),
    by_itself("of an unknown issuer", External(path="/other"), NO_ISSUER),
    by_itself(
        "without an issuer",
        External(claims={"iss": None}),
        refused(400, "invalid_request", "Invalid token type, must be access token"),
    ),
    *(
        by_itself(f"that is no token: {text or 'empty'}", text, NOT_A_TOKEN)
        for text in ("nonsense", "a.b.c", "")
    ),
)

ACCESS_TOKENS = (
    *(
        external(
            f"access token that must be signed: {what}",
            external_form(token, subject_issuer="stub-jwt"),
            expect,
        )
        for what, token, expect in (
            ("signed", External(path="/jwt", kind="Bearer"), BY_USER_INFO),
            ("an ID token", External(path="/jwt"), BY_USER_INFO),
            ("of another issuer", External(path="/other"), INVALID),
            ("opaque", "opaque-gus", NO_JSON),
            ("refused by the provider", "nonsense", UNCALLED),
        )
    ),
)

ROWS = (*CLAIMS, *KEYS, *NO_TOKENS, *UNCHECKED, *ITSELF, *ACCESS_TOKENS)
