"""The legacy exchange as a switch, its records, and the sessions it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.testing import EmbeddedKeycloak
from kc_exchange.testing.__main__ import main
from tests.testing.conftest import REALM, TYPE, Asker, refusal
from tests.testing.test_controls import claims

if TYPE_CHECKING:
    import requests

NOTE_MAPPER = "oidc-usersessionmodel-note-mapper"


@pytest.fixture
def legacy(ask: Asker) -> Asker:
    """Requests to the server as it is with `--features=token-exchange`."""
    ask.keycloak.set_features("token-exchange")
    return ask


def impersonate(ask: Asker, target: str = "bob", **changes: Any) -> requests.Response:
    """Let Olga ask for the target's token."""
    return ask.exchange(
        ask.token("olga"),
        requested_subject=target,
        requested_token_type=f"{TYPE}access_token",
        **{"audience": None, "scope": None, **changes},
    )


def test_feature__is_off_by_default(ask: Asker) -> None:
    """As on Keycloak itself."""
    assert refusal(impersonate(ask)) == (
        400,
        "invalid_request",
        "Parameter 'requested_subject' is not supported for standard token exchange",
    )


def test_feature__is_named_at_the_start() -> None:
    """A server may have it from the beginning, and after each reset again."""
    with EmbeddedKeycloak(REALM, features=["token-exchange"]) as keycloak:
        ask = Asker(keycloak)
        assert impersonate(ask).status_code == 200
        keycloak.set_features()
        assert impersonate(ask).status_code == 400
        keycloak.reset()
        assert impersonate(ask).status_code == 200
        ask.http.close()


def test_set_features__until_the_reset(legacy: Asker) -> None:
    """One test switches it on, the next one finds it off."""
    assert impersonate(legacy).status_code == 200
    legacy.keycloak.reset()
    assert impersonate(legacy).status_code == 400


def test_features__unknown(keycloak: EmbeddedKeycloak) -> None:
    """A name that would change nothing is refused, with those there are."""
    with pytest.raises(ValueError, match=r"no feature dpop.* token-exchange"):
        keycloak.set_features("dpop")
    with pytest.raises(ValueError, match="no feature impersonation"):
        EmbeddedKeycloak(REALM, features={"impersonation"})


def test_main__unknown_feature(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the command line, too, without a traceback."""
    realm = tmp_path / "realm.json"
    realm.write_text('{"realm": "own"}')
    assert main([str(realm), "--features", "token-exchange,dpop"]) == 2
    cause, fix = capsys.readouterr().err.splitlines()
    assert "no feature dpop" in cause
    assert "--features" in fix


def test_exchanges__record_an_impersonation(legacy: Asker) -> None:
    """Who acts as whom, in which session and with which token; never the token."""
    reply = impersonate(legacy).json()

    (record,) = legacy.keycloak.exchanges
    assert (record.username, record.impersonator) == ("olga", "olga")
    assert (record.requested_subject, record.outcome) == ("bob", "granted")
    assert record.session_id == reply["session_state"]
    assert record.token_id is not None
    assert record.token_id.startswith("onrtna:")
    assert reply["access_token"] not in repr(record)


def test_exchanges__record_why_it_was_refused(legacy: Asker) -> None:
    """The reply does not say it, Keycloak's event does."""
    impersonate(legacy, "nobody")
    legacy.exchange(legacy.token("alice"), requested_subject="bob")

    unknown, forbidden = legacy.keycloak.exchanges
    assert unknown.description == forbidden.description
    assert unknown.reason == "requested_subject not found"
    assert forbidden.reason == "subject not allowed to impersonate"
    assert (unknown.impersonator, forbidden.impersonator) == (None, "alice")
    assert (forbidden.session_id, forbidden.token_id) == (None, None)


def test_sessions__of_a_target(legacy: Asker) -> None:
    """Each impersonation begins one, and it ends with a logout alone."""
    assert legacy.keycloak.sessions("test", "bob") == ()

    replies = [impersonate(legacy).json() for _ in range(2)]
    ids = tuple(reply["session_state"] for reply in replies)
    assert legacy.keycloak.sessions("test", "bob") == ids

    legacy.post("revoke", token=replies[0]["access_token"])
    assert legacy.keycloak.sessions("test", "bob") == ids
    legacy.keycloak.logout("test", "bob")
    assert legacy.keycloak.sessions("test", "bob") == ()


def test_sessions__unknown(keycloak: EmbeddedKeycloak) -> None:
    """A mistyped name is not an empty answer."""
    with pytest.raises(LookupError, match="no user 'nobody'"):
        keycloak.sessions("test", "nobody")
    with pytest.raises(LookupError, match="no realm 'nowhere'"):
        keycloak.sessions("nowhere", "bob")


def test_switched_off__ends_the_impersonators_privilege(legacy: Asker) -> None:
    """Without the feature, a client that left the session is no part of it."""
    first = impersonate(legacy).json()["access_token"]
    onward = legacy.exchange(first).json()["access_token"]
    legacy.post("revoke", token=first)
    assert legacy.active(onward)

    legacy.keycloak.set_features()

    assert not legacy.active(onward)


@pytest.mark.parametrize(
    ("note", "value"), [("IMPERSONATOR_USERNAME", "olga"), ("IMPERSONATOR_ID", "")]
)
def test_mapper__puts_the_operator_into_the_token(note: str, value: str) -> None:
    """Keycloak keeps the operator as notes of the session, for a mapper to write."""
    config = {
        "user.session.note": note,
        "claim.name": "operator",
        "access.token.claim": "true",
    }
    mapper = {"name": "who", "protocolMapper": NOTE_MAPPER, "config": config}
    clients = [
        {**client, "protocolMappers": [mapper]}
        if client["clientId"] == "django-app"
        else client
        for client in REALM["clients"]
    ]
    changed = {**REALM, "clients": clients}
    with EmbeddedKeycloak(changed, features={"token-exchange"}) as keycloak:
        ask = Asker(keycloak)
        olga = keycloak.realm("test").user("olga")
        assert olga is not None
        token = impersonate(ask).json()["access_token"]
        ask.http.close()

    assert claims(token)["operator"] == (value or olga.id)
