"""Whose external tokens pass, and which are refused before Keycloak is asked."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kc_exchange import exchange
from kc_exchange.conf import Provider
from kc_exchange.exceptions import InvalidToken
from kc_exchange.tokens import ACCESS_TOKEN, ID_TOKEN, JWT, TYPE, SubjectToken
from tests.servers import assert_tells_nothing, jwt_of

ISSUER = "https://id.partner.example"
KINDS = (ACCESS_TOKEN, ID_TOKEN, JWT)
BOTH = {"aud": ["their-app", "our-app"]}


def token(**claims: Any) -> str:
    """A token of the partner's for our app, with these claims; None leaves one out."""
    own = {"iss": ISSUER, "aud": "our-app", "exp": int(time.time()) + 3600}
    return jwt_of(**{k: v for k, v in (own | claims).items() if v is not None})


def admit(value: str, kind: str, *audiences: str, kept_for: str = "") -> None:
    """Admit a token that is said to be of `kind`, by a provider of that kind."""
    provider = Provider(
        alias="partner",
        audiences=frozenset(audiences or {"our-app"}),
        issuer=ISSUER,
        token_type=(kept_for or kind).removeprefix(TYPE),  # type: ignore[arg-type]
    )
    subject = SubjectToken(value=value, provider="partner", token_type=kind)
    exchange.admit(subject, provider)


OF_NO_TYPE = {
    "another-app's": {"aud": "their-app"},
    "for-nobody": {"aud": None},
    "for-a-number": {"aud": [7]},
    "for-a-list": {"aud": [["our-app"]]},
    "that-another-app-asked-for": {"azp": "their-app"},
    "that-another-asked-for-of-several": BOTH | {"azp": "their-app"},
    "that-another-asked-for-by-rfc-9068": {"client_id": "their-app"},
    "that-another-asked-for-at-entra": {"appid": "their-app"},
    "that-another-asked-for-at-okta": {"cid": "their-app"},
    "that-two-asked-for": {"azp": "our-app", "client_id": "their-app"},
    "that-a-list-asked-for": {"azp": ["our-app"]},
    "that-an-empty-name-asked-for": {"azp": ""},
    "another-issuer's": {"iss": "https://id.evil.example"},
    "expired": {"exp": int(time.time()) - 60},
    "endless": {"exp": None},
    "endless-in-words": {"exp": "2099-01-01"},
    "a-refresh-token": {"typ": "Refresh"},
    "an-offline-token": {"typ": "Offline"},
    "a-logout-token": {"typ": "Logout"},
    "bound-to-a-key": {"typ": "DPoP"},
    "bound-to-a-proof's-key": {"cnf": {"jkt": "x"}},
    "bound-to-a-certificate": {"cnf": {"x5t#S256": "x"}},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("claims", OF_NO_TYPE.values(), ids=OF_NO_TYPE)
def test_refused__whatever_its_type(
    kind: str, claims: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the reason, and nothing of the token."""
    caplog.set_level("DEBUG")
    value = token(**claims)

    with pytest.raises(InvalidToken) as caught:
        admit(value, kind)

    assert caught.value.reason
    assert "kc_exchange.token_refused reason=" in caplog.text
    assert_tells_nothing(caught.value, caplog.text, value)


@pytest.mark.parametrize(
    "claims",
    [{"typ": "Bearer"}, BOTH, {"aud": "their-app", "azp": "our-app"}],
    ids=["access-token", "several-audiences-without-azp", "for-another-app"],
)
def test_refused__as_an_id_token(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        admit(token(**claims), ID_TOKEN)


@pytest.mark.parametrize("value", ["gho_opaque", ""])
@pytest.mark.parametrize("kind", KINDS)
def test_refused__opaque(kind: str, value: str) -> None:
    """It says for nobody whom it was made."""
    with pytest.raises(InvalidToken):
        admit(value, kind)


@pytest.mark.parametrize("kind", [ID_TOKEN, JWT])
def test_refused__opaque_where_a_jwt_is_due(kind: str) -> None:
    with pytest.raises(InvalidToken):
        admit("gho_opaque", kind, "*")


@pytest.mark.parametrize("wanted", KINDS)
@pytest.mark.parametrize("kind", [*KINDS, f"{TYPE}refresh_token"])
def test_type__is_the_providers_own(kind: str, wanted: str) -> None:
    """Keycloak checks each type by other rules."""
    if kind == wanted:
        admit(token(), kind, kept_for=wanted)
        return
    with pytest.raises(InvalidToken) as caught:
        admit(token(), kind, kept_for=wanted)
    assert "TOKEN_TYPE" in caught.value.reason


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "claims",
    [{}, {"azp": "our-app"}, BOTH | {"azp": "our-app"}, {"typ": "JWT"}, {"typ": []}],
)
def test_passes__of_ours(kind: str, claims: dict[str, Any]) -> None:
    admit(token(**claims), kind)


def test_passes__an_id_token_that_says_so() -> None:
    admit(token(typ="ID"), ID_TOKEN)


@pytest.mark.parametrize("kind", [ACCESS_TOKEN, JWT])
@pytest.mark.parametrize("name", ["azp", "client_id", "appid", "cid"])
def test_passes__an_access_token_that_ours_asked_for(kind: str, name: str) -> None:
    """Its `aud` is an interface of the provider's, which is none of AUDIENCES."""
    admit(token(aud="api", typ="Bearer", **{name: "our-app"}), kind)


def test_passes__an_app_that_asks_for_the_servers_client() -> None:
    """So does Google for an Android app; both clients are named."""
    value = token(aud="web", azp="android")

    admit(value, ID_TOKEN, "web", "android")
    with pytest.raises(InvalidToken) as caught:
        admit(value, ID_TOKEN, "web")

    assert "name it in AUDIENCES" in caught.value.reason


@pytest.mark.parametrize("kind", KINDS)
def test_passes__anybodys_where_the_settings_say_so(kind: str) -> None:
    admit(token(aud="x", azp="their-app"), kind, "*")


def test_passes__an_opaque_one_where_the_settings_say_so() -> None:
    admit("gho_opaque", ACCESS_TOKEN, "*")
