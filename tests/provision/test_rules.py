"""What more than one value satisfies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kc_exchange.provision.rules import Among, Between, Includes, OneOf, SameKey

REALM = Between(60, 300, 300)
CLIENT = Between(0, 300, None, as_text=True)
KEY = SameKey((("kty", "RSA"), ("n", "abc"), ("kid", "one")))


@pytest.mark.parametrize(
    ("found", "becomes"), [(59, 60), (0, 60), (301, 300), (86400, 300), (None, 300)]
)
def test_between__moves_to_the_nearest(found: int | None, becomes: int) -> None:
    assert not REALM.holds(found)
    assert REALM.value(found) == becomes


@pytest.mark.parametrize("found", [60, 61, 300])
def test_between__holds_within(found: int) -> None:
    assert REALM.holds(found)


@pytest.mark.parametrize("found", [None, "", "20", "300"])
def test_between__of_an_attribute_that_may_be_missing(found: str | None) -> None:
    assert CLIENT.holds(found)


@pytest.mark.parametrize("found", ["301", "-1"])
def test_between__as_text(found: str) -> None:
    """-1 is as long as the session."""
    assert not CLIENT.holds(found)
    assert CLIENT.value(found) == "300"


def test_includes__all_if_empty() -> None:
    """Keycloak takes no list for every type of event."""
    rule = Includes(("A", "B"))

    assert all(map(rule.holds, ([], None, ["B", "A", "C"])))
    assert not rule.holds(["A"])
    assert rule.value(["C", "A"]) == ["C", "A", "B"]


def test_among__values_of_an_attribute() -> None:
    rule = Among(("acme", "globex"))

    assert rule.holds("globex##acme##other")
    assert not rule.holds("acme")
    assert not rule.holds(None)
    assert rule.value("other##acme") == "other##acme##globex"
    assert rule.value(None) == "acme##globex"


def test_one_of__keeps_what_will_do() -> None:
    rule = OneOf(("oidc", "keycloak-oidc"))

    assert rule.holds("keycloak-oidc")
    assert not rule.holds("saml")
    assert (rule.value("saml"), rule.value(None)) == ("oidc", "oidc")


@pytest.mark.parametrize(
    "found",
    [
        '{"keys":[{"n":"abc","kty":"RSA","kid":"one","use":"sig"}]}',
        '{ "keys": [ {"kty": "EC"}, {"kid": "one", "n": "abc", "kty": "RSA"} ] }',
    ],
)
def test_same_key__however_it_is_written(found: str) -> None:
    assert KEY.holds(found)


@pytest.mark.parametrize(
    "found",
    [
        None,
        "",
        "no JSON",
        "[]",
        '{"keys": [1]}',
        '{"keys": []}',
        '{"keys":[{"kty":"RSA","n":"other","kid":"one"}]}',
    ],
)
def test_same_key__another(found: Any) -> None:
    assert not KEY.holds(found)
    assert json.loads(KEY.value(found))["keys"] == [dict(KEY.key)]
