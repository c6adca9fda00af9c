"""What is read from a realm export, and what is said about a bad one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kc_exchange.testing import EmbeddedKeycloak, RealmFileError
from kc_exchange.testing.realm_file import load_realm

CLIENT = {"clientId": "app", "serviceAccountsEnabled": True}


def test_load__without_scopes_makes_the_built_in_ones() -> None:
    """An export that lists no scopes gets all that Keycloak makes."""
    realm = load_realm({"realm": "r", "clients": [CLIENT]})
    assert {"profile", "email", "roles", "basic", "offline_access"} <= set(realm.scopes)
    app = realm.clients["app"]
    assert {"basic", "roles", "service_account"} <= set(app.default_scopes)
    assert "offline_access" in app.optional_scopes


def test_load__with_scopes_makes_no_others() -> None:
    """An export that lists scopes gets those and offline_access."""
    document = {"realm": "r", "clients": [CLIENT], "clientScopes": [{"name": "own"}]}
    realm = load_realm(document)
    assert set(realm.scopes) == {"own", "offline_access"}
    assert realm.clients["app"].default_scopes == []
    assert realm.clients["app"].optional_scopes == ["offline_access"]


def test_load__imported_users_get_no_default_roles() -> None:
    """The export's roles are all a user has; a made service account has defaults."""
    users = [{"username": "Ann", "enabled": True, "realmRoles": ["customer"]}]
    realm = load_realm({"realm": "r", "clients": [CLIENT], "users": users})
    ann = realm.user("ann")
    assert ann is not None
    assert ann.roles == {("", "customer")}
    account = realm.service_account(realm.clients["app"])
    assert account is not None
    assert ("account", "manage-account-links") in realm.expand(account.roles)


def test_load__origins_follow_redirects() -> None:
    """Web origins that are not given come from the redirect addresses."""
    redirects = ["http://a.example/x/*", "http://a.example/y", "/relative"]
    client = {"clientId": "app", "redirectUris": redirects}
    realm = load_realm({"realm": "r", "clients": [client]})
    assert realm.clients["app"].web_origins == ("http://a.example",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is not JSON"),
        ("[]", "holds a JSON list, not a realm"),
        ("{}", "has no 'realm' name"),
        ('{"realm": "r", "clients": [{}]}', "form of a realm export: KeyError"),
        ('{"realm": "r", "users": [1]}', "form of a realm export: AttributeError"),
    ],
)
def test_load__bad_file(tmp_path: Path, text: str | None, said: str) -> None:
    """The error names the file, the cause and what to do."""
    path = tmp_path / "realm.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RealmFileError, match=said) as caught:
        load_realm(path)
    assert str(path) in caught.value.cause
    assert caught.value.fix


def test_server__refuses_a_realm_given_twice() -> None:
    """Two realms of one name cannot share a server."""
    with pytest.raises(RealmFileError, match="given twice"):
        EmbeddedKeycloak({"realm": "r"}, {"realm": "r"})


def test_secrets__stay_out_of_repr() -> None:
    """Neither a client nor a user shows what must stay secret."""
    document: dict[str, Any] = {
        "realm": "r",
        "clients": [{"clientId": "app", "secret": "hidden-word"}],
        "users": [
            {
                "username": "ann",
                "credentials": [{"type": "password", "value": "hidden-word"}],
            }
        ],
    }
    assert "hidden-word" not in repr(load_realm(document))


def test_load__reads_what_keycloak_exports() -> None:
    """Members this server has no use for do no harm."""
    path = Path(__file__).parent.parent / "keycloak" / "conformance-realm.json"
    realm = load_realm(path)
    assert realm.name == json.loads(path.read_text())["realm"]
