"""Only what is wanted is compared, and what Keycloak writes otherwise is the same."""

from __future__ import annotations

from typing import Any

import pytest

from kc_exchange.provision.compare import (
    HIDDEN,
    Difference,
    changed,
    differences,
)
from kc_exchange.provision.rules import Between


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": ["x"]}, {"a": ["y", "x"]}),
        ({"a": []}, {}),
        ({"storeToken": False}, {}),
        ({"name": ""}, {}),
        ({"config": {"x": "true"}}, {"config": {"x": "true", "y": "z"}}),
        ({"config": {"x": True}}, {"config": {"x": "true"}}),
        ({"attributes": {"x": 20}}, {"attributes": {"x": "20"}}),
        ({"config": {"clientSecret": "s"}}, {"config": {"clientSecret": HIDDEN}}),
        ({"id": "1", "internalId": "1", "credentials": [{}]}, {"id": "2"}),
        ({"lifespan": Between(60, 300, 300)}, {"lifespan": 200}),
    ],
)
def test_differences__none(wanted: Any, found: Any) -> None:
    assert list(differences(wanted, found)) == []


@pytest.mark.parametrize(
    ("wanted", "found", "path", "after"),
    [
        ({"a": 1}, {"a": 2}, ("a",), 1),
        ({"a": True}, {}, ("a",), True),
        ({"a": False}, {"a": True}, ("a",), False),
        ({"a": "false"}, {}, ("a",), "false"),
        ({"a": {"b": "c"}}, {}, ("a", "b"), "c"),
        ({"a": {"b": "c"}}, {"a": {"b": "d"}}, ("a", "b"), "c"),
        ({"a": ["x", "y"]}, {"a": ["z", "y"]}, ("a",), ["z", "y", "x"]),
        ({"a": ["x"]}, {}, ("a",), ["x"]),
        ({"a": Between(60, 300, 300)}, {"a": 3600}, ("a",), 300),
        ({"secret": "s"}, {"secret": "t"}, ("secret",), "s"),
    ],
)
def test_differences__one(
    wanted: Any, found: Any, path: tuple[str, ...], after: Any
) -> None:
    """The text `false` is not the same as nothing: Keycloak's default may be true."""
    (difference,) = differences(wanted, found)

    assert (difference.path, difference.after) == (path, after)


def test_differences__leave_out() -> None:
    assert list(differences({"a": 1, "b": 2}, {}, leave_out=["a", "b"])) == []


def test_changed__keeps_the_rest() -> None:
    found = {"a": {"b": "old", "c": "kept"}, "d": None, "e": 1}
    made = [
        Difference(("a", "b"), "old", "new"),
        Difference(("d", "x", "y"), None, "deep"),
    ]

    assert changed(found, made) == {
        "a": {"b": "new", "c": "kept"},
        "d": {"x": {"y": "deep"}},
        "e": 1,
    }
    assert found["a"] == {"b": "old", "c": "kept"}
