"""The grants of a login: its code, and its refresh token, are each good for once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, exchange
from kc_exchange.exceptions import ExchangeUnavailable, UnexpectedReply
from kc_exchange.exchange.grants import redeem
from kc_exchange.tokens import SubjectToken
from tests.servers import assert_tells_nothing, jwt_of, replies, resets

if TYPE_CHECKING:
    from tests.servers.site import Site

CODE = "the-code-of-the-login"
VERIFIER = "the-verifier-of-the-login"


def realm_of(site: Site) -> conf.Realm:
    site.deadline = 1.0
    site.configure()
    return conf.current().realm("default")


def issues(**members: Any) -> Any:
    """Answer with tokens of Alice, but for these members and claims."""

    def act(wire: Any) -> bool:
        claims = {"iss": wire.issuer, "azp": "django-app", "sub": "alice", "exp": 2**31}
        claims |= members.pop("claims", {})
        body = {
            "access_token": jwt_of(**claims),
            "token_type": "Bearer",
            "refresh_token": "r2",
            "id_token": "i",
            **members,
        }
        return replies(json.dumps(body))(wire)

    return act


def test_redeem__sends_the_code_once(site: Site) -> None:
    """The form of RFC 6749 section 4.1.3 and RFC 7636."""
    site.keycloak.acts = [issues()]

    tokens = redeem(realm_of(site), CODE, "https://shop.example/back", VERIFIER)

    assert (tokens.refresh_token, tokens.id_token) == ("r2", "i")
    assert tokens.expires_at == 2**31
    assert site.keycloak.asked[0].form == {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": "https://shop.example/back",
        "code_verifier": VERIFIER,
    }


def test_redeem__is_not_repeated_after_a_lost_reply(site: Site) -> None:
    """A code that is used twice ends the login; neither secret is in the error."""
    site.keycloak.acts = [resets, issues()]
    realm = realm_of(site)

    with pytest.raises(ExchangeUnavailable) as caught:
        redeem(realm, CODE, "https://shop.example/back", VERIFIER)

    assert len(site.keycloak.asked) == 1
    assert_tells_nothing(caught.value, site.log.text, CODE, VERIFIER)


@pytest.mark.parametrize(
    "act",
    [
        issues(claims={"iss": "https://evil.example"}),
        issues(claims={"azp": "other-app"}),
        issues(token_type="mac"),
        issues(access_token="opaque"),
        issues(refresh_token=["r"]),
        issues(id_token=5),
    ],
    ids=["issuer", "client", "type", "opaque", "refresh-token", "id-token"],
)
def test_redeem__of_other_tokens(site: Site, act: Any) -> None:
    """Tokens of somebody else's login are thrown away."""
    site.keycloak.acts = [act]

    with pytest.raises(UnexpectedReply):
        redeem(realm_of(site), CODE, "https://shop.example/back")


def test_refresh__of_another_user(site: Site) -> None:
    """A refresh that changes the user would make one person's session another's."""
    site.keycloak.acts = [issues(claims={"sub": "mallory"})]
    realm = realm_of(site)
    before = SubjectToken(value=site.subject())

    with pytest.raises(UnexpectedReply, match="sub is not the user's"):
        exchange.refresh(realm, "r1", rejected=before)
