"""A logout token is this realm's, for this project, and for nothing but a logout."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation import (
    validate,
    validate_id_token,
    validate_logout_token,
)
from kc_exchange.jwt_validation.logout_token import EVENT, MAX_LIFETIME
from tests.jwt_validation.issuer import AUDIENCE, Issuer, rsa_key

TYP = "logout+jwt"


class In(int):
    """An instant in the tables of tests: so many seconds from when its test runs."""


@pytest.fixture(autouse=True)
def _project(settings: Any, issuer: Issuer) -> None:
    realm = {"ISSUER": issuer.url, "CLIENT_ID": AUDIENCE, "CLIENT_SECRET": "s" * 16}
    settings.KC_EXCHANGE = {"REALMS": {"default": realm}}


def signed(issuer: Issuer, header: Any = None, **changes: Any) -> str:
    """Sign what Keycloak 26.7 sends, changed."""
    now = int(time.time())
    claims = {
        "exp": now + 120,
        "iat": now,
        "jti": "c8678c29-c944-2e40-6f73-45ae1b213dab",
        "iss": issuer.url,
        "aud": AUDIENCE,
        "sub": "db3271ad-2b71-4d48-a8b8-c17d6b8cc556",
        "typ": "Logout",
        "sid": "4-DwamGk1nn_ms8etFEp9ViS",
        "events": {EVENT: {}},
        **changes,
    }
    kept = {
        name: now + value if isinstance(value, In) else value
        for name, value in claims.items()
        if value is not ...
    }
    return issuer.sign(kept, **({"typ": TYP} if header is None else header))


def test_logout_token__good(issuer: Issuer) -> None:
    """What it says comes back."""
    token = validate_logout_token(signed(issuer))

    assert token.issuer == issuer.url
    assert token.session_id == "4-DwamGk1nn_ms8etFEp9ViS"
    assert token.subject == "db3271ad-2b71-4d48-a8b8-c17d6b8cc556"
    assert token.token_id == "c8678c29-c944-2e40-6f73-45ae1b213dab"
    assert token.issued_at <= time.time() < token.expires_at


@pytest.mark.parametrize(
    ("changes", "session_id", "subject"),
    [
        ({"sid": ..., "sub": "alice"}, "", "alice"),
        ({"sid": "one", "sub": ...}, "one", ""),
        ({"aud": [AUDIENCE, "other"], "sid": "one", "sub": "alice"}, "one", "alice"),
        ({"typ": ..., "sid": "one", "sub": "alice"}, "one", "alice"),
        (
            {
                "events": {EVENT: {}, "revoke_offline_access": True},
                "sid": ...,
                "sub": "a",
            },
            *("", "a"),
        ),
    ],
)
def test_logout_token__other_good_ones(
    issuer: Issuer, changes: dict[str, Any], session_id: str, subject: str
) -> None:
    """Of a person alone, of a session alone, and with more audiences and events."""
    token = validate_logout_token(signed(issuer, **changes))

    assert (token.session_id, token.subject) == (session_id, subject)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://elsewhere.example"}, "another issuer"),
        ({"iss": ...}, "another issuer"),
        ({"aud": "orders-api"}, "another client"),
        ({"aud": ...}, "aud is missing"),
        ({"aud": [["django-app"]]}, "aud is missing"),
        ({"aud": []}, "another client"),
        ({"exp": In(-60)}, "expired"),
        ({"exp": "9999999999"}, "no instant"),
        ({"exp": True}, "no instant"),
        ({"exp": ...}, "no instant"),
        ({"iat": ...}, "no instant"),
        ({"iat": In(60)}, "not valid yet"),
        ({"exp": In(2 * MAX_LIFETIME)}, "too long"),
        ({"jti": ...}, "jti is missing"),
        ({"jti": ""}, "jti is malformed"),
        ({"jti": 7}, "jti is malformed"),
        ({"jti": "j" * 256}, "jti is malformed"),
        ({"events": ...}, "events"),
        ({"events": {}}, "events"),
        ({"events": [EVENT]}, "events"),
        ({"events": EVENT}, "events"),
        ({"events": {EVENT: True}}, "events"),
        ({"events": {EVENT: None}}, "events"),
        ({"events": {f"{EVENT}/": {}}}, "events"),
        ({"nonce": "n"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"typ": "ID"}, "typ is not Logout"),
        ({"typ": "Bearer"}, "typ is not Logout"),
        ({"typ": None}, "typ is not Logout"),
        ({"sub": ..., "sid": ...}, "neither"),
        ({"sid": ""}, "sid is malformed"),
        ({"sid": None}, "sid is malformed"),
        ({"sid": "two words"}, "sid is malformed"),
        ({"sid": "s" * 256}, "sid is malformed"),
        ({"sub": ["alice"]}, "sub is malformed"),
        ({"sub": "al\u202eice"}, "sub is malformed"),
    ],
)
def test_logout_token__refused(
    issuer: Issuer, changes: dict[str, Any], reason: str
) -> None:
    """Each claim that is missing, of a wrong kind or somebody else's."""
    with pytest.raises(InvalidToken) as caught:
        validate_logout_token(signed(issuer, **changes))
    assert reason in caught.value.reason


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "logout", "", "secevent+jwt"])
def test_header__says_another_kind(issuer: Issuer, typ: str) -> None:
    """Only its own `typ` (RFC 8725 section 3.11)."""
    with pytest.raises(InvalidToken):
        validate_logout_token(signed(issuer, {"typ": typ}))


@pytest.mark.parametrize("typ", ["Logout+JWT", "application/logout+jwt"])
def test_header__other_spellings(issuer: Issuer, typ: str) -> None:
    """A media type ignores case, and may be written whole (RFC 7515 4.1.9)."""
    assert validate_logout_token(signed(issuer, {"typ": typ})).session_id


def test_signature__of_another_key(issuer: Issuer) -> None:
    """The key that Keycloak publishes, or none."""
    token = signed(issuer, {"typ": TYP, "private": rsa_key("two")})
    with pytest.raises(InvalidToken) as caught:
        validate_logout_token(token)
    assert caught.value.reason == "the signature does not hold"


@pytest.mark.parametrize("token", ["", "a.b.c", "x" * 9000, "é.é.é", "a.b"])
def test_token__is_none(token: str) -> None:
    """Whatever else comes in."""
    with pytest.raises(InvalidToken):
        validate_logout_token(token)


@pytest.mark.parametrize("typ", [TYP, "JWT", "at+jwt"])
def test_logout_token__is_no_other_token(issuer: Issuer, typ: str) -> None:
    """Neither an access token nor an ID token, whatever its header says."""
    extra = {"azp": AUDIENCE, "scope": "openid"}
    token = signed(issuer, {"typ": typ}, **extra)
    with pytest.raises(InvalidToken):
        validate(token)
    with pytest.raises(InvalidToken):
        validate_id_token(token, issuer.realm())


@pytest.mark.parametrize("kind", ["Bearer", "ID", "Refresh"])
@pytest.mark.parametrize("typ", [TYP, "JWT"])
def test_other_token__is_no_logout_token(issuer: Issuer, kind: str, typ: str) -> None:
    """Neither an access token nor an ID token ends a login, even with a sid."""
    token = signed(issuer, {"typ": typ}, typ=kind, events=..., azp=AUDIENCE)
    with pytest.raises(InvalidToken):
        validate_logout_token(token)


def test_realm__without_users(issuer: Issuer, settings: Any) -> None:
    """A realm whose users do not come here ends nobody's login."""
    other = {"ISSUER": issuer.url, "CLIENT_ID": AUDIENCE, "CLIENT_SECRET": "s" * 16}
    home = {**other, "ISSUER": "https://home.example/realms/a"}
    settings.KC_EXCHANGE = {"REALMS": {"default": home, "other": other}}
    with pytest.raises(InvalidToken):
        validate_logout_token(signed(issuer))


def test_realm__with_several_clients(issuer: Issuer, settings: Any) -> None:
    """The audience may be any of this project's clients that people log in to."""
    one = {"ISSUER": issuer.url, "CLIENT_ID": "first", "CLIENT_SECRET": "s" * 16}
    two = {**one, "CLIENT_ID": AUDIENCE}
    settings.KC_EXCHANGE = {"REALMS": {"default": one, "two": {**two, "USERS": True}}}
    assert validate_logout_token(signed(issuer)).session_id
    settings.KC_EXCHANGE = {"REALMS": {"default": one, "two": {**two, "USERS": False}}}
    with pytest.raises(InvalidToken):
        validate_logout_token(signed(issuer))
