"""What a realm of Keycloak 26.7 has before anybody configures it."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

CLIENTS = frozenset(
    {
        "account", "account-console", "admin-cli", "broker", "realm-management",
        "security-admin-console",
    }
)  # fmt: skip
"""The clients of every realm."""
_FILE = Path(__file__).with_name("built_in.json")


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document


def client_scopes() -> list[dict[str, Any]]:
    """Return the client scopes, with their mappers, as Keycloak exports them."""
    scopes: list[dict[str, Any]] = copy.deepcopy(_document()["clientScopes"])
    return scopes


def default_scopes() -> list[str]:
    """Return the scopes that every new client has."""
    return list(_document()["defaultDefaultClientScopes"])


def optional_scopes() -> list[str]:
    """Return the scopes that every new client may be asked for."""
    return list(_document()["defaultOptionalClientScopes"])
