"""Realm files, and what is wrong with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.provision import ProvisionFailed
from kc_exchange.provision.fragments import fragments

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, document: Any) -> list[str]:
    path = folder / "people.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return [str(path)]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"realm": "acme", "displayName": "Acme", "smtpServer": {"host": "mail"}},
        {"users": [{"username": "alice"}], "roles": {"realm": [{"name": "x"}]}},
        {"clients": [{"clientId": "x"}], "supportedLocales": ["en", "de"]},
    ],
)
def test_fragments__are_realm_documents(tmp_path: Path, document: Any) -> None:
    assert fragments(write(tmp_path, document), "acme") == [document]


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"realm": "acme", "realm": "acme"}', "is a member appears twice"),
        ({"realm": "globex"}, "is of realm 'globex', not 'acme'"),
        ({"groups": [{"name": "x"}], "components": {"a": [{}]}}, "components, groups"),
        ({"defaultDefaultClientScopes": ["x"]}, "has defaultDefaultClientScopes"),
    ],
)
def test_fragments__that_will_not_do(tmp_path: Path, document: Any, cause: str) -> None:
    with pytest.raises(ProvisionFailed) as caught:
        fragments(write(tmp_path, document), "acme")

    assert cause in caught.value.cause
    assert str(tmp_path) in caught.value.cause


def test_fragments__that_are_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ProvisionFailed, match="cannot be read"):
            fragments([str(path)], "acme")
