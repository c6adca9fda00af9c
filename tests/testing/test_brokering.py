"""The controls that let a test set up brokering, and what a reset takes back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.testing import EmbeddedKeycloak
from tests.testing.brokers import FEATURES, Desk, desk_at, home, partner, provider
from tests.testing.conftest import EXCHANGE, TYPE, refusal
from tests.testing.test_controls import claims

if TYPE_CHECKING:
    from collections.abc import Iterator

DENIED = (403, "access_denied", "Client not allowed to exchange")


@pytest.fixture(scope="module")
def _running() -> Iterator[EmbeddedKeycloak]:
    stored = provider("stored", storeToken=True)
    document = home(provider(), stored)
    with EmbeddedKeycloak(document, partner(), features=FEATURES) as keycloak:
        yield keycloak


@pytest.fixture
def desk(_running: EmbeddedKeycloak) -> Iterator[Desk]:
    """Requests to a server that nothing was allowed yet."""
    _running.reset()
    with desk_at(_running) as made:
        yield made
    _running.reset()


def test_allow_exchange__from_a_provider(desk: Desk) -> None:
    """The token of the other realm is one of this realm from then on."""
    assert refusal(desk.exchange()) == DENIED

    desk.keycloak.allow_exchange("home", "gateway", subject_issuer="partner")

    issued = claims(desk.exchange().json()["access_token"])
    assert (issued["sub"], issued["azp"]) == (desk.user("petra").id, "gateway")


def test_allow_exchange__for_another_client(desk: Desk) -> None:
    """The permission is for one audience, and for one requester."""
    form = {"subject_token": desk.own("nora"), "audience": "reports"}
    assert refusal(desk.ask(EXCHANGE, **form)) == DENIED

    desk.keycloak.allow_exchange("home", "gateway", audience="reports")

    issued = claims(desk.ask(EXCHANGE, **form).json()["access_token"])
    assert (issued["aud"], issued["azp"]) == ("reports", "gateway")
    back = {"subject_token": desk.own("nora"), "audience": "gateway"}
    assert refusal(desk.ask(EXCHANGE, "reports", **back)) == DENIED


def test_allow_exchange__needs_both_features(desk: Desk) -> None:
    """A permission counts where Keycloak would know of permissions."""
    desk.keycloak.allow_exchange("home", "gateway", subject_issuer="partner")

    desk.keycloak.set_features("token-exchange")
    assert refusal(desk.exchange()) == DENIED
    desk.keycloak.set_features("admin-fine-grained-authz:v1")
    assert "not supported" in refusal(desk.exchange())[2]


def test_allow_impersonation__lets_the_client_act(desk: Desk) -> None:
    """Without anybody's token, and with any user's that was issued to the client."""
    form = {"requested_subject": "petra", "requested_token_type": f"{TYPE}access_token"}
    assert refusal(desk.ask(EXCHANGE, **form)) == DENIED

    desk.keycloak.allow_impersonation("home", "gateway")

    alone = claims(desk.ask(EXCHANGE, **form).json()["access_token"])
    nora = desk.ask(EXCHANGE, **form, subject_token=desk.own("nora"))
    assert alone["preferred_username"] == "petra"
    assert claims(nora.json()["access_token"])["preferred_username"] == "petra"
    assert [record.impersonator for record in desk.keycloak.exchanges] == [
        None,
        None,
        "nora",
    ]


def test_link_account__finds_the_user(desk: Desk) -> None:
    """Who is linked is found by the account's id, whatever it is called there."""
    desk.keycloak.allow_exchange("home", "gateway", subject_issuer="partner")
    desk.keycloak.link_account("home", "nora", "partner", user_id="paul-id")

    reply = desk.exchange(desk.partners("paul"))

    assert claims(reply.json()["access_token"])["preferred_username"] == "nora"


def test_link_account__keeps_a_token(desk: Desk) -> None:
    """It is passed on until it ends, and then no more."""
    keycloak = desk.keycloak
    keycloak.allow_exchange("home", "gateway", requested_issuer="stored")
    ends_at = time.time() + 60
    keycloak.link_account("home", "nora", "stored", token="theirs", expires_at=ends_at)

    reply = desk.passed_on(desk.own("nora"), "stored").json()
    keycloak.advance(56)
    expired = desk.passed_on(desk.own("nora"), "stored").json()

    assert (reply["access_token"], reply["token_type"]) == ("theirs", "Bearer")
    assert reply["expires_in"] == pytest.approx(60, abs=1)
    assert expired["error"] == "token_expired"
    assert expired["account-link-url"].startswith(keycloak.issuer("home"))


def test_link_account__without_a_token(desk: Desk) -> None:
    """An account alone has nothing to pass on."""
    desk.keycloak.allow_exchange("home", "gateway", requested_issuer="stored")
    desk.keycloak.link_account("home", "nora", "stored")

    assert desk.passed_on(desk.own("nora"), "stored").json()["error"] == "not_linked"


def test_broker_token__keeps_the_providers_token(desk: Desk) -> None:
    """In the session always, with the account where the provider stores tokens."""
    keycloak = desk.keycloak
    for alias in ("partner", "stored"):
        keycloak.allow_exchange("home", "gateway", requested_issuer=alias)
        asked: dict[str, Any] = {"client_id": "gateway", "token": f"of {alias}"}
        token = keycloak.broker_token("home", "nora", alias, **asked)
        assert desk.passed_on(token, alias).json()["access_token"] == f"of {alias}"

    assert desk.passed_on(desk.own("nora"), "stored").status_code == 200
    assert desk.passed_on(desk.own("nora"), "partner").status_code == 400


def test_tokens__stay_out_of_repr(desk: Desk) -> None:
    """Neither a session nor an account shows what it keeps."""
    keycloak = desk.keycloak
    hidden: dict[str, Any] = {"token": "hidden-word", "refresh_token": "hidden-word"}
    keycloak.broker_token("home", "nora", "stored", client_id="gateway", **hidden)

    (session,) = keycloak._realms["home"].sessions.of_user(desk.user("nora").id)

    assert "hidden-word" in session.notes.values()
    assert "hidden-word" not in repr((session, desk.user("nora")))


def test_reset__takes_everything_back(desk: Desk) -> None:
    """Users that exchanges made, accounts, tokens and permissions."""
    keycloak = desk.keycloak
    keycloak.allow_exchange("home", "gateway", subject_issuer="partner")
    keycloak.allow_impersonation("home", "gateway")
    keycloak.link_account("home", "petra", "partner", user_id="other")
    keycloak.link_account("home", "nora", "stored", token="theirs")
    assert desk.exchange(desk.partners("paul")).status_code == 200
    assert desk.user("paul") is not None

    keycloak.reset()

    assert desk.user("paul") is None
    assert desk.user("nora").links == {}
    assert desk.user("petra").links["partner"].user_id == "petra-id"
    assert refusal(desk.exchange()) == DENIED
    assert refusal(desk.ask(EXCHANGE, requested_subject="petra")) == DENIED


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda k: k.allow_exchange("home", "nobody"), "no client 'nobody'"),
        (
            lambda k: k.allow_exchange("home", "gateway", audience="nothing"),
            "no client 'nothing'",
        ),
        (
            lambda k: k.allow_exchange("home", "gateway", subject_issuer="elsewhere"),
            "no identity provider 'elsewhere'",
        ),
        (lambda k: k.allow_impersonation("nowhere", "gateway"), "no realm 'nowhere'"),
        (lambda k: k.link_account("home", "nobody", "partner"), "no user 'nobody'"),
        (
            lambda k: k.link_account("home", "nora", "elsewhere"),
            "no identity provider 'elsewhere'",
        ),
        (
            lambda k: k.broker_token(
                "home", "nora", "elsewhere", client_id="gateway", token="x"
            ),
            "no identity provider 'elsewhere'",
        ),
    ],
)
def test_controls__name_what_is_missing(desk: Desk, call: Any, said: str) -> None:
    """A mistyped name is told at once."""
    with pytest.raises(LookupError, match=said):
        call(desk.keycloak)


def test_broker_token__of_github() -> None:
    """A session through GitHub keeps the token, of which nothing more is known."""
    github = provider("github", providerId="github")
    with (
        EmbeddedKeycloak(home(github), partner(), features=FEATURES) as keycloak,
        desk_at(keycloak) as desk,
    ):
        keycloak.allow_exchange("home", "gateway", requested_issuer="github")
        token = keycloak.broker_token(
            "home", "nora", "github", client_id="gateway", token="gho"
        )
        reply = desk.passed_on(token, "github").json()
    assert (reply["access_token"], reply["expires_in"]) == ("gho", 0)
    assert "token_type" not in reply
