"""Two documents about one realm become one."""

from __future__ import annotations

from typing import Any

import pytest

from kc_exchange.provision.documents import merged, name_of, named, settled
from kc_exchange.provision.rules import Among, Between, Includes


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": ["x"]}, {"a": ["y", "x"]}, {"a": ["x", "y"]}),
        ({"a": []}, {"a": ["x"]}, {"a": ["x"]}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": "text"}, {"a": "text"}),
    ],
)
def test_merged__values(first: Any, second: Any, both: Any) -> None:
    assert merged(first, second) == both


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("clients", "clientId"),
        ("users", "username"),
        ("identityProviders", "alias"),
        ("clientScopes", "name"),
        ("protocolMappers", "name"),
        ("credentials", "type"),
    ],
)
def test_merged__parts_by_their_names(kind: str, member: str) -> None:
    """The name is that of its kind: two clients may both be called Shop."""
    first = {kind: [{member: "one", "x": 1}, {member: "two", "x": 1}]}
    second = {kind: [{member: "two", "y": 2}, {member: "three"}]}

    assert merged(first, second)[kind] == [
        {member: "one", "x": 1},
        {member: "two", "x": 1, "y": 2},
        {member: "three"},
    ]


def test_merged__clients_of_one_display_name() -> None:
    shops = [{"clientId": "a", "name": "Shop"}, {"clientId": "b", "name": "Shop"}]

    assert merged({"clients": []}, {"clients": shops})["clients"] == shops


def test_merged__mappings_of_scopes_and_of_clients() -> None:
    """A scope and a client of one name are two."""
    first = [{"clientScope": "a", "roles": ["x"]}]
    second = [{"client": "a", "roles": ["y"]}, {"clientScope": "a", "roles": ["z"]}]

    assert merged(first, second, "scopeMappings") == [
        {"clientScope": "a", "roles": ["x", "z"]},
        {"client": "a", "roles": ["y"]},
    ]


def test_merged__changes_neither() -> None:
    first, second = {"a": {"b": ["x"]}}, {"a": {"b": ["y"]}}

    merged(first, second)

    assert (first, second) == ({"a": {"b": ["x"]}}, {"a": {"b": ["y"]}})


def test_merged__rules() -> None:
    """A value replaces a rule; two rules of one kind want what both want."""
    rule = Between(60, 300, 300)
    assert merged({"a": rule}, {"a": 20}) == {"a": 20}
    assert merged({"a": 20}, {"a": rule}) == {"a": rule}
    assert merged(Among(("a", "b")), Among(("b", "c"))) == Among(("a", "b", "c"))
    assert merged(Includes(("A",)), Includes(("B",))) == Includes(("A", "B"))


def test_name_of__mappers_of_providers() -> None:
    """Two providers may each have a mapper of that name."""
    mapper = {"identityProviderAlias": "acme", "name": "email"}

    assert name_of(mapper, "identityProviderMappers") == ("acme", "email")
    assert named([mapper], "identityProviderMappers", "acme", "email") is mapper
    assert named([mapper], "identityProviderMappers", "globex", "email") is None


def test_settled__is_what_a_new_realm_gets() -> None:
    document = {
        "accessTokenLifespan": Between(60, 300, 300),
        "enabledEventTypes": Includes(("LOGIN",)),
        "clients": [{"attributes": {"x": Between(0, 300, None, as_text=True)}}],
        "enabled": False,
    }

    assert settled(document) == {
        "accessTokenLifespan": 300,
        "clients": [{"attributes": {}}],
        "enabled": False,
    }
