"""Counters, records, tokens, keys and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest

from kc_exchange.testing import ExchangeRecord
from tests.testing.conftest import TYPE, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.testing import EmbeddedKeycloak
    from tests.testing.conftest import Asker

INVALID = (400, "invalid_request", "Invalid token")


def claims(token: str) -> dict[str, object]:
    """A token's claims, unchecked."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_exchanges__record_a_grant(ask: Asker, keycloak: EmbeddedKeycloak) -> None:
    """The record says who asked for whom and what, and holds no token."""
    ask.exchange(requested_token_type=f"{TYPE}access_token")
    alice = keycloak.realm("test").user("alice")
    assert alice is not None
    assert keycloak.exchanges == [
        ExchangeRecord(
            realm="test",
            client="django-app",
            audience=("orders-api",),
            scope="orders:read",
            subject=alice.id,
            username="alice",
            requested_token_type=f"{TYPE}access_token",
            outcome="granted",
        )
    ]


def test_exchanges__record_a_refusal(ask: Asker, keycloak: EmbeddedKeycloak) -> None:
    """A refusal keeps error and description; an unknown subject stays unknown."""
    ask.exchange("nonsense")
    record = keycloak.exchanges[0]
    assert (record.outcome, record.error, record.description) == (
        "refused",
        "invalid_request",
        "Invalid token",
    )
    assert (record.subject, record.username) == (None, None)


def test_requests__count_by_endpoint(ask: Asker, keycloak: EmbeddedKeycloak) -> None:
    """Every request counts once, also a refused one; resetting forgets."""
    ask.exchange()
    ask.exchange("nonsense")
    ask.http.get(ask.url("certs"), timeout=10)
    assert keycloak.requests("token") == 2
    assert keycloak.requests("certs") == 1
    assert keycloak.requests() == 3
    keycloak.reset_counters()
    assert keycloak.requests() == 0
    assert keycloak.exchanges == []


def test_assert_exchanged_once__counts_grants(
    ask: Asker, keycloak: EmbeddedKeycloak
) -> None:
    """One is right; none and two are errors, and refusals do not count."""
    keycloak.assert_not_exchanged()
    with pytest.raises(AssertionError, match="found 0"):
        keycloak.assert_exchanged_once()
    ask.exchange("nonsense")
    ask.exchange()
    assert keycloak.assert_exchanged_once(audience="orders-api").username == "alice"
    keycloak.assert_not_exchanged(audience="billing-api")
    ask.exchange()
    with pytest.raises(AssertionError, match="found 2"):
        keycloak.assert_exchanged_once(audience="orders-api")
    with pytest.raises(AssertionError, match="Expected no granted exchange"):
        keycloak.assert_not_exchanged()


def test_token__is_as_good_as_a_login(ask: Asker, keycloak: EmbeddedKeycloak) -> None:
    """It has the claims of the password grant and is worth an exchange."""
    made = claims(ask.token("bob"))
    asked = claims(ask.login("bob")["access_token"])
    assert made.keys() == asked.keys()
    assert made["sub"] == asked["sub"]
    assert ask.exchange(ask.token("bob")).status_code == 200
    assert keycloak.requests("token") == 2


def test_expired_token__is_refused(ask: Asker, keycloak: EmbeddedKeycloak) -> None:
    """It was good once."""
    token = keycloak.expired_token("test", "alice", client_id="django-app")
    assert refusal(ask.exchange(token)) == INVALID


@pytest.mark.parametrize(
    ("realm", "username", "client", "said"),
    [
        ("nowhere", "alice", "django-app", "no realm 'nowhere'"),
        ("test", "nobody", "django-app", "no user 'nobody'"),
        ("test", "alice", "nothing", "no client 'nothing'"),
    ],
)
def test_token__names_what_is_missing(
    keycloak: EmbeddedKeycloak, realm: str, username: str, client: str, said: str
) -> None:
    """A wrong name is told, with what to do."""
    with pytest.raises(LookupError, match=said):
        keycloak.token(realm, username, client_id=client)


def test_sign__signs_anything(ask: Asker, keycloak: EmbeddedKeycloak) -> None:
    """The signature is the realm's, whatever the claims are worth."""
    token = keycloak.sign("test", {"iss": "elsewhere"}, {"typ": "odd"})
    assert jwt.get_unverified_header(token)["typ"] == "odd"
    key = jwt.PyJWKClient(ask.url("certs")).get_signing_key_from_jwt(token)
    assert jwt.decode(token, key, ["RS256"]) == {"iss": "elsewhere"}
    assert refusal(ask.exchange(token)) == INVALID


def test_logout__kills_the_session(ask: Asker, keycloak: EmbeddedKeycloak) -> None:
    """The user's tokens are worth nothing, another user's still are."""
    alice, bob = ask.token(), ask.token("bob")
    keycloak.logout("test", "alice")
    assert refusal(ask.exchange(alice)) == INVALID
    assert ask.exchange(bob).status_code == 200


def test_set_lifespan__for_realm_and_client(
    ask_changed: Callable[..., Asker],
) -> None:
    """The client's own lifespan goes before the realm's."""
    ask = ask_changed()
    ask.keycloak.set_lifespan("test", 120)
    assert ask.exchange().json()["expires_in"] == 120
    ask.keycloak.set_lifespan("test", 7, client_id="django-app")
    assert ask.exchange().json()["expires_in"] == 7


def test_advance__lets_tokens_run_out(ask: Asker, keycloak: EmbeddedKeycloak) -> None:
    """Access token first, then the idle session."""
    login = ask.login()
    keycloak.advance(301)
    assert refusal(ask.exchange(login["access_token"])) == INVALID
    form = {"grant_type": "refresh_token", "refresh_token": login["refresh_token"]}
    assert ask.post("token", **form).status_code == 200
    keycloak.advance(1801)
    assert refusal(ask.post("token", **form))[:2] == (400, "invalid_grant")


def test_token__never_outlives_its_session(
    ask: Asker, keycloak: EmbeddedKeycloak
) -> None:
    """A session's last token is cut short."""
    refresh = ask.login()["refresh_token"]
    for _ in range(35):
        keycloak.advance(1020)
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        refresh = ask.post("token", **form).json()["refresh_token"]
    keycloak.advance(200)
    form = {"grant_type": "refresh_token", "refresh_token": refresh}
    assert ask.post("token", **form).json()["expires_in"] == pytest.approx(100, abs=2)


def test_rotate_keys__keeps_the_old_one_until_removed(
    ask_changed: Callable[..., Asker],
) -> None:
    """New tokens have a new key; old tokens stand as long as their key does."""
    ask = ask_changed()
    old = ask.token()
    kid = ask.keycloak.rotate_keys("test")
    new = ask.token()
    assert jwt.get_unverified_header(new)["kid"] == kid
    assert ask.exchange(old).status_code == 200
    ask.keycloak.remove_old_keys("test")
    assert refusal(ask.exchange(old)) == INVALID
    published = ask.http.get(ask.url("certs"), timeout=10).json()["keys"]
    assert [key["kid"] for key in published if key["use"] == "sig"] == [kid]


def test_reset__forgets_when_a_user_was_logged_out(
    ask: Asker, keycloak: EmbeddedKeycloak
) -> None:
    """Their replies carry that moment until then."""
    keycloak.logout("test", "alice")
    assert ask.exchange().json()["not-before-policy"] > 0
    assert ask.exchange(ask.token("bob")).json()["not-before-policy"] == 0

    keycloak.reset()

    assert ask.exchange(ask.token()).json()["not-before-policy"] == 0


def test_set_not_before__refuses_what_is_older(
    ask_changed: Callable[..., Asker],
) -> None:
    """Replies carry the policy; older tokens are refused."""
    ask = ask_changed()
    old = ask.login()
    ask.keycloak.advance(5)
    ask.keycloak.set_not_before("test")
    assert refusal(ask.exchange(old["access_token"])) == INVALID
    form = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
    assert refusal(ask.post("token", **form)) == (400, "invalid_grant", "Stale token")
    assert ask.exchange().json()["not-before-policy"] > 0


def test_set_user_enabled__shuts_out(ask_changed: Callable[..., Asker]) -> None:
    """A disabled user's token is refused like any other bad one."""
    ask = ask_changed()
    token = ask.token()
    ask.keycloak.set_user_enabled("alice", False)
    assert refusal(ask.exchange(token)) == INVALID
    ask.keycloak.set_user_enabled("alice", True)
    assert ask.exchange(token).status_code == 200
