"""Who acts for the user: the actor's token is sent, renewed, and has to come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.exceptions import UnexpectedReply
from tests.servers import grants, replies
from tests.sources.tools import both

if TYPE_CHECKING:
    from tests.sources.domains import Domains

HOWS = pytest.mark.parametrize("how", ["sync", "async"])
REFUSED = replies(
    '{"error": "invalid_request", "error_description": "Invalid token"}', 400
)
SERVICE = grants({"scope": ""}, {"azp": "gateway", "sub": "svc", "aud": "account"})


@pytest.fixture
def acting(domains: Domains) -> Domains:
    """A service that wants to know who acts for the user."""
    domains.configure("exchange", REALM=None, ACTOR="service-account")
    return domains


@HOWS
def test_actor__is_sent_and_has_to_come_back(acting: Domains, how: str) -> None:
    act = {"azp": "gateway", "sid": "s", "act": {"sub": "svc"}}
    acting.own.acts = [SERVICE, grants({}, act)]

    both(acting.source(acting.login()), how)
    both(acting.source(acting.login("2")), how)

    first, second, third = (seen.form for seen in acting.own.asked)
    assert first == {"grant_type": "client_credentials"}
    assert second["actor_token_type"].endswith(":access_token")
    assert second["actor_token"] == third["actor_token"] != second["subject_token"]


@pytest.mark.parametrize(
    "act", [None, {"sub": "alice"}, "svc", {}], ids=["none", "other", "text", "empty"]
)
def test_actor__that_is_not_named(acting: Domains, act: Any) -> None:
    """Keycloak up to 26.7 ignores it and says 200: that is an error here."""
    claims = {"azp": "gateway", "sid": "s", "act": act}
    acting.own.acts = [SERVICE, grants({}, claims)]

    with pytest.raises(UnexpectedReply, match="act does not name") as caught:
        acting.source(acting.login()).token()

    assert "token-exchange-delegation" in caught.value.fix


def test_actor__that_is_over_is_not_the_users_fault(acting: Domains) -> None:
    """Keycloak does not say whose token it refuses: the actor's is renewed first."""
    granted = grants({}, {"azp": "gateway", "sid": "s", "act": {"sub": "svc"}})
    acting.own.acts = [SERVICE, REFUSED, SERVICE, granted]
    alice = acting.login("1", "2")

    acting.source(alice).token()

    assert alice.renewed == 0
    sent = [s.form["actor_token"] for s in acting.own.asked if "actor_token" in s.form]
    assert len(set(sent)) == len(sent) == 2


def test_actor__is_renewed_once(acting: Domains) -> None:
    """After that it is the user's token that is over."""
    granted = grants({}, {"azp": "gateway", "sid": "s", "act": {"sub": "svc"}})
    acting.own.acts = [SERVICE, REFUSED, SERVICE, REFUSED, granted]
    alice = acting.login("1", "2")

    acting.source(alice).token()

    assert alice.renewed == 1
    assert len(acting.own.asked) == 5
