"""When and for whom an assertion of the JWT authorization grant is good."""

from typing import Any

from tests.keycloak.assertions import assertion, granted, keeps_out, lets_in
from tests.keycloak.clients import Basic
from tests.keycloak.external import External
from tests.keycloak.rows import Expect, Row

WRONG_AUDIENCE = keeps_out("Invalid token audience", username="gus")
SEVERAL = keeps_out("Multiple audiences not allowed")
INACTIVE = keeps_out("Token is not active")
NO_END = keeps_out("Token exp claim is required")
FUTURE = keeps_out("Token was issued in the future")
PAST = keeps_out("Token was issued too far in the past to be used now")
TOO_LONG = keeps_out(
    "Token expiration is too far in the future and iat claim not present in token"
)


def strict(**changes: Any) -> External:
    """An assertion of a provider whose assertions are good for a minute."""
    elliptic = {"algorithm": "ES256", "key": "e1", "kid": "e1"}
    return assertion(**{"path": "/strict", "lifetime": 30, **elliptic, **changes})


def skewed(**changes: Any) -> External:
    """An assertion of a provider whose clock may be wrong by half a minute."""
    return assertion(path="/skewed", **changes)


def limited(lifetime: int) -> Expect:
    """A token that ends with its assertion."""
    return lets_in(lifetime=lifetime)


def times(name: str, token: External, expect: Expect) -> Row:
    """A row about a claim of time."""
    return granted(f"time: {name}", token, expect)


TIMES = (
    *(
        times(what, token, expect)
        for what, token, expect in (
            (
                "exp missing",
                assertion(lifetime=None),
                keeps_out("Token exp claim is required"),
            ),
            ("expired", assertion(lifetime=-2), INACTIVE),
            ("exp now", assertion(lifetime=0), INACTIVE),
            ("exp far away", assertion(lifetime=9000), lets_in()),
            ("nbf to come", assertion(not_before=30), INACTIVE),
            ("iat to come", assertion(age=-30), FUTURE),
            ("iat not so long ago", assertion(age=280), lets_in()),
            ("iat too long ago", assertion(age=302), PAST),
            ("iat missing", assertion(age=None), lets_in()),
            ("iat missing, exp far away", assertion(age=None, lifetime=400), TOO_LONG),
        )
    ),
    *(
        times(f"a clock that may be wrong, {what}", token, expect)
        for what, token, expect in (
            ("nbf to come soon", skewed(not_before=20), lets_in()),
            ("nbf to come late", skewed(not_before=60), INACTIVE),
            ("iat to come soon", skewed(age=-20), lets_in()),
            ("iat to come late", skewed(age=-60), FUTURE),
            # An end is an end.
            ("expired just now", skewed(lifetime=-2), INACTIVE),
            ("iat long ago, and allowed", skewed(age=1000), lets_in()),
        )
    ),
    *(
        times(f"a short limit, {what}", token, expect)
        for what, token, expect in (
            ("kept", strict(), limited(30)),
            # The limit is counted from iat, and says nothing about exp.
            ("exp beyond it", strict(lifetime=120), limited(120)),
            ("iat beyond it", strict(age=62), PAST),
            ("exp beyond it and no iat", strict(age=None, lifetime=120), TOO_LONG),
        )
    ),
    times(
        "the token ends with its assertion",
        assertion(path="/relaxed", audience="broker", lifetime=20),
        limited(20),
    ),
)

IDENTIFIERS = (
    granted(
        "jti missing",
        assertion(claims={"jti": None}),
        keeps_out("Token jti claim is required"),
    ),
    granted(
        "jti missing, and the provider allows reuse",
        assertion(path="/relaxed", audience="broker", claims={"jti": None}),
        lets_in(),
    ),
)


def aimed(name: str, token: External, expect: Expect, client: str = "gateway") -> Row:
    """A row about the audience."""
    return granted(f"for {name}", token, expect, Basic(client))


AUDIENCES = (
    aimed("the token endpoint", assertion(audience="{token}"), lets_in()),
    aimed("the issuer in a list", assertion(audience=("{issuer}",)), lets_in()),
    aimed("somebody else", assertion(audience="somebody-else"), WRONG_AUDIENCE),
    aimed("nobody", assertion(claims={"aud": None}), WRONG_AUDIENCE),
    aimed("the issuer and another", assertion(audience=("{issuer}", "x")), SEVERAL),
    aimed(
        "issuer and token endpoint",
        assertion(audience=("{issuer}", "{token}")),
        SEVERAL,
    ),
    aimed(
        "what the client's attribute names",
        assertion(audience="urn:example:aimed"),
        lets_in("gus", "account", azp="grant-aimed"),
        "grant-aimed",
    ),
    aimed(
        "the issuer, where the client's attribute names another",
        assertion(),
        WRONG_AUDIENCE,
        "grant-aimed",
    ),
    aimed(
        "the provider's client id, where it must be that",
        assertion(path="/relaxed", audience="broker"),
        lets_in(),
    ),
    aimed(
        "the issuer, where it must be the client id",
        assertion(path="/relaxed"),
        WRONG_AUDIENCE,
    ),
)

ROWS = (*TIMES, *IDENTIFIERS, *AUDIENCES)
