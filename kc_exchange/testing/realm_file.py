"""Read Keycloak's own realm export and import format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kc_exchange.testing.errors import RealmFileError
from kc_exchange.testing.realm_parts import build_realm

if TYPE_CHECKING:
    from kc_exchange.testing.model import Realm


SERVER = "${server}"


def load_realm(source: str | Path | Mapping[str, Any], address: str = "") -> Realm:
    """Read one realm from an export file or from its parsed JSON.

    Args:
        source: a path, or the document as a mapping.
        address: what `${server}` stands for; nothing leaves it as it is.

    Raises:
        RealmFileError: the file cannot be read or is no realm export.
    """
    if isinstance(source, Mapping):
        return _read(_placed(source, address), "The realm given as a mapping")
    path = Path(source)
    return _read(_placed(_parse(path), address), f"{path}")


def _placed(document: Any, address: str) -> Any:
    """Return the document with the server's address where it is asked for."""
    if not address:
        return document
    if isinstance(document, str):
        return document.replace(SERVER, address)
    if isinstance(document, Mapping):
        return {
            _placed(key, address): _placed(value, address)
            for key, value in document.items()
        }
    if isinstance(document, list | tuple):
        return [_placed(value, address) for value in document]
    return document


def _parse(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RealmFileError(
            f"{path} cannot be read: {error.strerror}.",
            "Give the path of a realm export that exists and is readable.",
        ) from error
    except ValueError as error:
        raise RealmFileError(
            f"{path} is not JSON: {error}.",
            "Give the JSON file that Keycloak's realm export writes.",
        ) from error
    if not isinstance(document, dict):
        raise RealmFileError(
            f"{path} holds a JSON {type(document).__name__}, not a realm.",
            "Give one realm for each file: an object with the key 'realm'.",
        )
    return document


def _read(document: Mapping[str, Any], place: str) -> Realm:
    if not isinstance(document.get("realm"), str):
        raise RealmFileError(
            f"{place} has no 'realm' name.",
            "Add the key 'realm' with the realm's name.",
        )
    try:
        return build_realm(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RealmFileError(
            f"{place} does not have the form of a realm export: {error!r}.",
            "Compare it with a file that Keycloak itself exported.",
        ) from error
