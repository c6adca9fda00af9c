"""What is wanted of one realm, while it is put together and when that is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.access import name_of
from kc_exchange.provision.conflicts import scope_in_two_places, wanted_twice
from kc_exchange.provision.documents import merged, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Realm
    from kc_exchange.provision.documents import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """All that one realm must have; `document` may hold rules in place of values."""

    name: str
    issuer: str
    document: Document = field(repr=False)
    """What must be so, whoever made the realm."""
    first: Document = field(repr=False)
    """What a part gets besides when it is made; whoever changes it may."""
    permitted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Clients that may exchange tokens of a provider, by its alias (legacy exchange).

    Permissions are fine-grained admin permissions, so they are no members of a part.
    """

    @property
    def whole(self) -> Document:
        """The document of a new realm."""
        whole: Document = merged(self.first, self.document)
        return whole


class Draft:
    """The two documents of a realm, to which one use after the other adds."""

    def __init__(self, realm: Realm) -> None:
        self.name = name_of(realm)
        self.issuer = realm.issuer
        self._document: Document = {"realm": self.name}
        self._first: Document = {}
        self._permitted: dict[str, frozenset[str]] = {}

    def want(self, **parts: Any) -> None:
        """Want these parts; those of the same name are merged."""
        self._document = merged(self._document, parts)

    def part(self, kind: str, name: str) -> Document:
        """Return what is wanted of a part so far."""
        return named(self._document.get(kind, ()), kind, name) or {}

    def begin(self, **parts: Any) -> None:
        """Give these parts what they have besides when they are made."""
        self._first = merged(self._first, parts)

    def client(self, client_id: str, **members: Any) -> None:
        """Want members of a client."""
        self.want(clients=[{"clientId": client_id, **members}])

    def permit(self, provider: str, client_id: str) -> None:
        """Let a client exchange tokens of a provider."""
        known = self._permitted.get(provider, frozenset())
        self._permitted[provider] = known | {client_id}

    def add(self, fragment: Document) -> None:
        """Take over what a realm file says: it has the last word."""
        self._document = merged(self._document, fragment)

    def done(self) -> Wanted:
        """Return what has come together.

        Raises:
            ProvisionFailed: a client would have a scope in two places.
        """
        for client in self._document.get("clients", ()):
            if scope := scope_in_two_places(client):
                raise wanted_twice(self.name, scope)
        return Wanted(
            name=self.name,
            issuer=self.issuer,
            document=self._document,
            first=self._first,
            permitted=self._permitted,
        )
