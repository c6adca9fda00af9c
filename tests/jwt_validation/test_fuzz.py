"""Whatever is signed or sent: accepted, or refused, and nothing else."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation import validate
from tests.jwt_validation.refusals import refusal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
CLAIMS = [
    *("iss", "aud", "sub", "typ", "azp", "iat", "exp", "nbf", "jti", "scope"),
    *("realm_access", "resource_access", "act", "cnf"),
]
LENIENT = hypothesis_settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@LENIENT
@given(changed=st.dictionaries(st.sampled_from(CLAIMS), JSON, max_size=3))
def test_fuzz__claims(issuer, changed):
    """Any claims, rightly signed, are accepted or refused: nothing else is raised."""
    token = issuer.token(**changed)
    try:
        claims = validate(token, issuer.realm(actors={"bot": frozenset("*")}))
    except InvalidToken:
        return
    assert claims.subject.isprintable()
    assert claims.issuer == issuer.url


@LENIENT
@given(header=st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit"]), JSON))
def test_fuzz__header(issuer, header):
    """Any header is refused, or means what a good one means."""
    given_header = {"alg": "RS256", "typ": "JWT", "kid": "one"} | header
    payload = json.dumps(issuer.claims())
    token = issuer.sign_raw(json.dumps(given_header), payload)
    try:
        validate(token, issuer.realm())
    except InvalidToken:
        return
    assert (given_header["alg"], given_header["kid"]) == ("RS256", "one")


@LENIENT
@given(at=st.integers(0, 10_000), to=st.characters())
def test_fuzz__one_character(issuer, at, to):
    """A token with one character changed is never accepted."""
    token = issuer.token()
    at %= len(token)
    changed = token[:at] + to + token[at + 1 :]
    if changed != token:
        refusal(changed, issuer.realm())


@LENIENT
@given(payload=st.binary(max_size=200))
def test_fuzz__payload(issuer, payload):
    """Any bytes, rightly signed, are refused."""
    header = '{"alg":"RS256","typ":"JWT","kid":"one"}'
    refusal(issuer.sign_raw(header, payload), issuer.realm())
