"""Read the realm files: what the settings do not say of a realm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.strict_json import loads_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kc_exchange.provision.documents import Document

PARTS = frozenset(
    {
        "clientScopeMappings", "clientScopes", "clients", "identityProviderMappers",
        "identityProviders", "roles", "scopeMappings", "users",
    }
)  # fmt: skip
"""Members of a realm document that have parts, and that provision takes care of."""

_BY_ITSELF = ("defaultDefaultClientScopes", "defaultOptionalClientScopes")
"""A realm has these from its making, for clients that others make."""


def fragments(paths: Iterable[str], name: str) -> list[Document]:
    """Return the documents in these files; `name` is that of their realm.

    Raises:
        ProvisionFailed: a file cannot be read, is another realm's, or holds something
            that is not provisioned.
    """
    return [_fragment(Path(path), name) for path in paths]


def _fragment(path: Path, name: str) -> Document:
    try:
        document = loads_object(path.read_bytes())
    except OSError as error:
        raise ProvisionFailed(
            f"The realm file {path} cannot be read: {error.strerror}.",
            "Correct its path in REALM_FILES; a relative one begins where manage.py "
            "is run.",
        ) from error
    except ValueError as error:
        raise ProvisionFailed(
            f"The realm file {path} is {error}.",
            "Write a realm document as Keycloak exports it, or the members of one that "
            "matter.",
        ) from error
    if document.get("realm", name) != name:
        raise ProvisionFailed(
            f"The realm file {path} is of realm {document['realm']!r}, not {name!r}.",
            "Name it in REALM_FILES under the alias of its own realm.",
        )
    _refuse_foreign(path, document)
    return document


def _refuse_foreign(path: Path, document: Document) -> None:
    foreign = sorted(
        member
        for member, value in document.items()
        if member not in PARTS and (member in _BY_ITSELF or _has_parts(value))
    )
    if foreign:
        raise ProvisionFailed(
            f"The realm file {path} has {', '.join(foreign)}: not provisioned.",
            f"Leave it out, and do it by other means. Provisioned are {sorted(PARTS)} "
            "and members of the realm that are values.",
        )


def _has_parts(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_parts, value.values()))
    return isinstance(value, list) and any(isinstance(part, dict) for part in value)
