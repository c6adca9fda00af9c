"""The ID token of a login is this realm's, for this client and this login."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation import validate_id_token
from tests.jwt_validation.issuer import AUDIENCE, Issuer, rsa_key

NONCE = "n-0S6_WzA2Mj"


def signed(issuer: Issuer, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": issuer.url,
        "sub": "alice",
        "aud": AUDIENCE,
        "azp": AUDIENCE,
        "typ": "ID",
        "nonce": NONCE,
        "iat": now,
        "exp": now + 60,
        **changes,
    }
    return issuer.sign({k: v for k, v in claims.items() if v is not ...})


def test_id_token__good(issuer: Issuer) -> None:
    """The claims come back, also where several clients are named."""
    for token in (signed(issuer), signed(issuer, aud=[AUDIENCE, "account"])):
        claims = validate_id_token(token, issuer.realm(), nonce=NONCE)

        assert claims["sub"] == "alice"


def test_id_token__without_nonce(issuer: Issuer) -> None:
    """A login that was started without one expects none."""
    assert (
        validate_id_token(signed(issuer, nonce=...), issuer.realm())["sub"] == "alice"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://elsewhere.example"}, "another issuer"),
        ({"sub": ""}, "sub is missing"),
        ({"sub": ...}, "sub is missing"),
        ({"aud": "orders-api"}, "another client"),
        ({"aud": ...}, "another client"),
        ({"aud": [["django-app"]]}, "another client"),
        ({"azp": "orders-api"}, "issued to another client"),
        ({"typ": "Bearer"}, "not an ID token"),
        ({"typ": "Logout"}, "not an ID token"),
        ({"exp": 1}, "expired"),
        ({"exp": "2100000000"}, "expired"),
        ({"exp": True}, "expired"),
        ({"iat": 2**33}, "not valid yet"),
        ({"iat": ...}, "not valid yet"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": ...}, "nonce"),
        ({"nonce": ["n-0S6_WzA2Mj"]}, "nonce"),
        ({"nonce": "\ud800"}, "strict JSON"),
    ],
    ids=str,
)
def test_id_token__refused(
    issuer: Issuer, changes: dict[str, Any], reason: str
) -> None:
    """Anything else is refused, with a reason for the log."""
    with pytest.raises(InvalidToken) as caught:
        validate_id_token(signed(issuer, **changes), issuer.realm(), nonce=NONCE)

    assert reason in caught.value.reason


def test_id_token__signed_by_another_key(issuer: Issuer) -> None:
    """What the realm did not sign says nothing."""
    token = issuer.sign({"iss": issuer.url}, private=rsa_key("two"))

    with pytest.raises(InvalidToken):
        validate_id_token(token, issuer.realm())


def test_id_token__too_long(issuer: Issuer) -> None:
    """A token beyond 8 KiB is not even read."""
    with pytest.raises(InvalidToken, match="not valid"):
        validate_id_token("a" * 8193, issuer.realm())
