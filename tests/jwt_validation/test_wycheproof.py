"""Wycheproof's vectors for JWS, against the code that reads and verifies one.

What a vector has no say in is left out: `typ`, `kid` and the claims.
"""

from __future__ import annotations

import json
from pathlib import Path

import jwt
import pytest

from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation import compact
from kc_exchange.jwt_validation.keys import read_key

VECTORS = Path(__file__).parents[1] / "data/wycheproof/json_web_signature_test.json"

SHARED = "valid with HS256, which is on no list of ours: no secret is shared"
EMPTY = "valid with an empty payload, which no access token has"
DIFFERENT = {
    **dict.fromkeys((1, 348, 352, 357, 358, 359, 376, 377), SHARED),
    **dict.fromkeys((259, 264, 268, 272, 320, 325), EMPTY),
    **dict.fromkeys((346, 350), "the key is for PS256, the header says PS384"),
    **dict.fromkeys((347, 351), "the key is for ES521, which does not exist"),
    **dict.fromkeys((372, 373), "a `?` stands among the base64url"),
}
"""Valid vectors that we refuse, and why. Any change of this table is a finding."""


def cases():
    """Each vector with its key."""
    for group in json.loads(VECTORS.read_text())["testGroups"]:
        key = group.get("public", group["private"])
        for test in group["tests"]:
            yield pytest.param(key, test, id=f"tc{test['tcId']}")


def accepted(jwk, jws):
    try:
        parts = compact.split(jws)
        alg = compact.algorithm(compact.json_of(parts.header))
        compact.decoded(parts.payload)
        signature = compact.decoded(parts.signature)
        return read_key(jwk).verify(alg, parts.signed, signature)
    except (InvalidToken, ValueError, jwt.PyJWTError):
        return False


@pytest.mark.parametrize(("jwk", "test"), list(cases()))
def test_wycheproof(jwk, test):
    """We agree with each vector, or refuse a valid one for a reason given."""
    valid = test["result"] == "valid"
    assert valid or test["tcId"] not in DIFFERENT
    assert accepted(jwk, test["jws"]) == (valid and test["tcId"] not in DIFFERENT)


def test_wycheproof__all_of_them():
    """No vector is lost on the way."""
    assert len(list(cases())) == 401
