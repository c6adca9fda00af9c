"""Admin permissions of a realm export: how policies are counted, what is refused."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from kc_exchange.testing import RealmFileError
from kc_exchange.testing.authorization import Asker, Authorization, Policy
from kc_exchange.testing.realm_file import load_realm

THING, SCOPE, PERMISSION = "idp.resource.1", "token-exchange", "permission.1"
AD = Asker(client_id="ad")
YES, NO = ("yes", "client", ["ad"]), ("no", "client", ["other"])


def policy(name: str, kind: str, members: list[Any], **more: Any) -> dict[str, Any]:
    """A policy, as an export writes it."""
    config = {f"{kind}s": json.dumps(members)}
    return {"name": name, "type": kind, "config": config, **more}


def permission(*policies: str, strategy: str = "UNANIMOUS") -> dict[str, Any]:
    """The permission, as an export writes it."""
    config = {"resources": json.dumps([THING]), "scopes": json.dumps([SCOPE])}
    if policies:
        config["applyPolicies"] = json.dumps(policies)
    return {
        "name": PERMISSION,
        "type": "scope",
        "decisionStrategy": strategy,
        "config": config,
    }


def loaded(*policies: dict[str, Any]) -> Authorization:
    """What a realm makes of them."""
    settings = {"resources": [{"name": THING}], "policies": list(policies)}
    client = {"clientId": "realm-management", "authorizationSettings": settings}
    return load_realm({"realm": "r", "clients": [client]}).authorization


@pytest.mark.parametrize(
    ("strategy", "policies", "allowed"),
    [
        ("UNANIMOUS", [YES], True),
        ("UNANIMOUS", [YES, NO], False),
        ("UNANIMOUS", [], False),
        ("AFFIRMATIVE", [YES, NO], True),
        ("AFFIRMATIVE", [NO], False),
        ("CONSENSUS", [YES, NO], False),
        ("CONSENSUS", [YES, NO, ("ay", "client", ["ad", "x"])], True),
    ],
)
def test_allows__counts_policies(
    strategy: str, policies: list[tuple[str, str, list[str]]], allowed: bool
) -> None:
    """Each strategy of a permission in its way; no policy is no permission."""
    made = [policy(*one) for one in policies]
    names = [one[0] for one in policies]
    known = loaded(*made, permission(*names, strategy=strategy))
    assert known.allows(THING, SCOPE, AD) is allowed
    assert known.restricts(PERMISSION) is bool(policies)


@pytest.mark.parametrize(
    ("kind", "members", "allowed"),
    [
        ("client", ["ad"], True),
        ("user", ["ann"], True),
        ("user", ["bob"], False),
        ("role", [{"id": "staff", "required": False}], True),
        ("role", [{"id": "app/manager", "required": False}], True),
        ("role", [{"id": "app/other", "required": False}], False),
        (
            "role",
            [{"id": "staff", "required": False}, {"id": "x", "required": True}],
            False,
        ),
    ],
)
def test_allows__by_kind_of_policy(
    kind: str, members: list[Any], allowed: bool
) -> None:
    """Clients, users and roles; of several roles one is enough, unless required."""
    known = loaded(policy("p", kind, members), permission("p"))
    roles = frozenset({("", "staff"), ("app", "manager")})
    asker = Asker(client_id="ad", username="ann", roles=roles)
    assert known.allows(THING, SCOPE, asker) is allowed


def test_allows__negative_policy() -> None:
    """Whoever it names is left out."""
    known = loaded(policy("p", "client", ["ad"], logic="NEGATIVE"), permission("p"))
    assert not known.allows(THING, SCOPE, AD)
    assert known.allows(THING, SCOPE, Asker(client_id="other"))


def test_allows__another_scope_or_thing() -> None:
    """A permission is for what it names alone."""
    known = loaded(policy(*YES), permission("yes"))
    assert not known.allows(THING, "view", AD)
    assert not known.allows("idp.resource.2", SCOPE, AD)


def test_allows__unknown_kind_of_policy(caplog: pytest.LogCaptureFixture) -> None:
    """What the embedded server cannot decide is refused, and the log says so."""
    known = loaded(policy("p", "time", []), permission("p"))
    with caplog.at_level(logging.WARNING, "kc_exchange.testing"):
        assert not known.allows(THING, SCOPE, AD)
    assert "policy_skipped kind=time" in caplog.text


def test_allow__adds_to_the_export_until_the_reset() -> None:
    """What the export permits stays as it is."""
    known = loaded(policy(*NO), permission("no"))
    known.allow(PERMISSION, THING, SCOPE, "ad")
    assert known.allows(THING, SCOPE, AD)
    assert known.allows(THING, SCOPE, Asker(client_id="other"))

    known.reset()

    assert not known.allows(THING, SCOPE, AD)
    assert known.allows(THING, SCOPE, Asker(client_id="other"))


def test_allow__where_the_export_has_nothing() -> None:
    """A permission made by a test goes with the reset."""
    known = Authorization()
    known.add(Policy(name="of no use", kind="client"))
    known.allow(PERMISSION, THING, SCOPE, "ad")
    assert known.allows(THING, SCOPE, AD)
    known.reset()
    assert not known.allows(THING, SCOPE, AD)
    assert not known.restricts(PERMISSION)


def test_load__names_a_policy_that_is_not_there() -> None:
    """A permission that nobody could evaluate is refused when the file is read."""
    with pytest.raises(RealmFileError, match="form of a realm export"):
        loaded(permission("missing"))
