"""A provider's token, and a linked provider's: what leaves, and what is believed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import exchange_external
from kc_exchange.context import bound_subject, using_subject_token
from kc_exchange.exceptions import (
    ExchangeDenied,
    ExchangeMisconfigured,
    InvalidToken,
    NotLinked,
    SubjectTokenRejected,
    UnexpectedReply,
    UnknownProvider,
)
from kc_exchange.sources import FixedSubject
from kc_exchange.tokens import ID_TOKEN, JWT, SubjectToken
from tests.servers import assert_tells_nothing, grants, jwt_of, replies
from tests.sources.domains import SECRET
from tests.sources.tools import both

if TYPE_CHECKING:
    from tests.sources.domains import Domains

HOWS = pytest.mark.parametrize("how", ["sync", "async"])
ISSUER = "https://id.partner.example"
PARTNER = {"ISSUER": ISSUER, "AUDIENCES": ["our-app"], "REALM": "shared"}
GITHUB = {"KIND": "github", "AUDIENCES": ["*"], "REALM": "shared"}
THERE = {"sub": "alice-there", "sid": "t"}


def id_token(**claims: Any) -> str:
    own = {
        "iss": ISSUER,
        "aud": "our-app",
        "sub": "p-1",
        "exp": int(time.time()) + 3600,
    }
    given = {k: v for k, v in (own | claims).items() if v is not None}
    return jwt_of(**given)


def from_partner(value: str = "", **changes: Any) -> SubjectToken:
    known = {"provider": "partner", "realm": "shared", "token_type": ID_TOKEN}
    return SubjectToken(value=value or id_token(), **{**known, **changes})


@pytest.fixture
def partner(domains: Domains) -> Domains:
    """The realm `shared` knows a partner's provider, and GitHub."""
    domains.providers = {"partner": PARTNER, "github": GITHUB}
    domains.configure("external", REALM=None, SUBJECT_ISSUER="partner")
    return domains


@HOWS
def test_external__exchanges_and_narrows(partner: Domains, how: str) -> None:
    """The partner's ID token becomes one of the realm, then one for the service."""
    subject = from_partner()

    both(partner.source(FixedSubject(subject)), how)

    first, second = (seen.form for seen in partner.shared.asked)
    assert first["subject_token"] == subject.value
    assert first["subject_token_type"] == ID_TOKEN
    assert first["subject_issuer"] == "partner"
    assert second["audience"] == "analytics-api"


def test_external__in_a_script(partner: Domains) -> None:
    """A token at hand is bound with the provider that it came from."""
    partner.configure("external", REALM=None, SUBJECT_ISSUER="partner")
    value = id_token()

    with using_subject_token(value, provider="partner"):
        partner.source(bound_subject()).token()
    with pytest.raises(UnknownProvider):
        using_subject_token(value, provider="nobody")

    assert partner.shared.asked[0].form["subject_token"] == value
    assert partner.shared.asked[0].form["subject_token_type"] == ID_TOKEN


@pytest.mark.parametrize(
    "subject",
    [
        SubjectToken(value=jwt_of(iss="x", sub="alice")),
        from_partner(provider="github"),
    ],
    ids=["a-realm's", "another-provider's"],
)
def test_external__takes_its_own_providers_tokens_alone(
    partner: Domains, subject: SubjectToken
) -> None:
    with pytest.raises(ExchangeMisconfigured, match="'partner'"):
        partner.source(FixedSubject(subject)).token()

    assert partner.shared.requests == []


@pytest.mark.parametrize("strategy", ["exchange", "cross-realm", "linked", "forward"])
def test_providers_token__goes_no_other_way(domains: Domains, strategy: str) -> None:
    """A realm's Keycloak, or a service, must not see it where nobody meant it to."""
    domains.providers = {"partner": PARTNER}
    domains.configure(strategy, REQUESTED_ISSUER="partner")

    with pytest.raises(ExchangeMisconfigured, match="provider 'partner'"):
        domains.source(FixedSubject(from_partner())).token()

    assert domains.shared.requests == domains.own.requests == []


def test_exchange_external__of_ours(partner: Domains) -> None:
    """It is sent as what TOKEN_TYPE says, and as nothing else."""
    partner.providers["partner"] = PARTNER | {"TOKEN_TYPE": "jwt"}
    partner.configure("external", REALM=None, SUBJECT_ISSUER="partner")

    with pytest.raises(InvalidToken, match="not valid") as caught:
        exchange_external(id_token(), "id_token", "partner")
    exchange_external(id_token(), JWT, "partner")

    assert "TOKEN_TYPE" in caught.value.reason
    (seen,) = partner.shared.asked
    assert seen.form["subject_token_type"] == JWT


@pytest.mark.parametrize(
    "claims",
    [{"aud": "their-app"}, {"azp": "their-app"}, {"exp": None}, {"typ": "Bearer"}],
)
def test_exchange_external__of_what_keycloak_would_take(
    partner: Domains, claims: dict[str, Any], caplog: Any
) -> None:
    """Keycloak compares no audience and wants no expiry; it is not even asked."""
    caplog.set_level("DEBUG")
    value = id_token(**claims)

    with pytest.raises(InvalidToken) as caught:
        exchange_external(value, "id_token", "partner")

    assert partner.shared.requests == []
    assert_tells_nothing(caught.value, caplog.text, value)


def test_exchange_external__of_an_opaque_token(partner: Domains) -> None:
    """Nobody can tell for whom GitHub made it: the settings have to say any."""
    partner.shared.acts = [grants({"id_token": jwt_of(**THERE)}, THERE)]

    tokens = exchange_external("gho_opaque", "access_token", "github")

    (seen,) = partner.shared.asked
    assert seen.form["subject_token"] == "gho_opaque"
    assert seen.form["scope"] == "openid"
    assert tokens.realm == "shared"
    assert tokens.id_token
    assert "gho_opaque" not in repr(tokens)
    with pytest.raises(InvalidToken):
        exchange_external("gho_opaque", "access_token", "partner")


def test_exchange_external__of_an_unknown_provider(partner: Domains) -> None:
    with pytest.raises(UnknownProvider, match=r"'evil'.*\['github', 'partner'\]"):
        exchange_external(id_token(), "id_token", "evil")


SAID = {
    "invalid token": SubjectTokenRejected,
    "Invalid Token": ExchangeDenied,
    "User already exists": ExchangeDenied,
    "token type not supported": ExchangeMisconfigured,
}


@pytest.mark.parametrize(("said", "kind"), SAID.items())
def test_exchange_external__refused(
    partner: Domains, said: str, kind: type[Exception], caplog: Any
) -> None:
    """Whoever must act is told; the token is in no error and no log."""
    caplog.set_level("DEBUG")
    answer = f'{{"error": "invalid_token", "error_description": "{said}"}}'
    partner.shared.acts = [replies(answer, 400)]
    value = id_token()

    with pytest.raises(kind) as caught:
        exchange_external(value, "id_token", "partner")

    assert type(caught.value) is kind
    assert_tells_nothing(caught.value, caplog.text, value, SECRET)
    assert "strategy=external outcome=" in caplog.text


def test_exchange_external__with_another_users_id_token(partner: Domains) -> None:
    """The ID token beside the access token has to be the same person's."""
    other = jwt_of(sub="mallory")
    partner.shared.acts = [grants({"id_token": other}, THERE)]

    with pytest.raises(UnexpectedReply, match="id_token"):
        exchange_external(id_token(), "id_token", "partner")


@pytest.fixture
def linked(domains: Domains) -> Domains:
    """A service that takes the token of the user's own account at GitHub."""
    domains.configure("linked", REALM=None, SCOPES=None, REQUESTED_ISSUER="github")
    return domains


def gives(**members: Any) -> Any:
    """Answer as Keycloak does for a stored token: without type, with 0 seconds."""
    usual = {"access_token": "gho_stored", "expires_in": 0, "scope": ""}
    return grants(usual | members, without=("token_type",))


@HOWS
def test_linked__hands_out_the_providers_token(linked: Domains, how: str) -> None:
    """Of unknown expiry it is used for less than a minute."""
    linked.own.acts = [gives()]
    made = linked.source(linked.login())

    token = both(made, how)

    (seen,) = linked.own.asked
    assert seen.form["requested_issuer"] == "github"
    assert seen.form["requested_token_type"].endswith(":access_token")
    assert token.authorization == "Bearer gho_stored"
    assert 50 < token.expires_at - time.time() <= 60
    assert both(made, how) is token


def test_linked__of_known_expiry(linked: Domains) -> None:
    """Keycloak says it, in words even, or the token does."""
    own = jwt_of(iss=ISSUER, exp=int(time.time()) + 200)
    answers = [
        (gives(expires_in=300), 300),
        (gives(expires_in="120"), 120),
        (gives(access_token=own), 200),
    ]
    for number, (act, seconds) in enumerate(answers):
        linked.own.acts = [act]

        token = linked.source(linked.login(str(number))).token()

        assert abs(token.expires_at - time.time() - seconds) < 5


def test_linked__of_somebody_without_a_link(linked: Domains) -> None:
    """The error has the address where the user links it, if it is Keycloak's own."""
    link = f"{linked.own.issuer}/broker/github/link?nonce=n&hash=h"
    for url in (link, "https://evil.example/link", 7):
        said = f'"{url}"' if isinstance(url, str) else url
        body = f'{{"error": "not_linked", "account-link-url": {said}}}'
        linked.own.acts = [replies(body, 400)]

        with pytest.raises(NotLinked) as caught:
            linked.source(linked.login(str(url))).token()

        assert caught.value.account_link_url == (link if url == link else "")
        assert "github" in caught.value.cause


WRONG = {
    "issued_token_type": gives(issued_token_type="urn:x:refresh_token"),
    "token_type": grants({"access_token": "gho", "token_type": "N_A"}),
    "no token": gives(access_token=None),
    "no header's": gives(access_token="a b"),
    "an ID token": gives(access_token=jwt_of(iss=ISSUER, typ="ID")),
}


@pytest.mark.parametrize("act", WRONG.values(), ids=WRONG)
def test_linked__answered_with_something_else(linked: Domains, act: Any) -> None:
    linked.own.acts = [act]

    with pytest.raises(UnexpectedReply):
        linked.source(linked.login()).token()


def test_linked__answered_with_keycloaks_own(linked: Domains) -> None:
    """A token of the realm never goes to GitHub: neither the user's, nor another."""
    alice = linked.login()
    issued = jwt_of(iss=linked.own.issuer, sub="alice")
    for value in (issued, alice.tokens[0].value):
        linked.own.acts = [gives(access_token=value)]

        with pytest.raises(UnexpectedReply, match="own"):
            linked.source(alice).token()
