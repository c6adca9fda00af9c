"""One realm as it is planned: what is wanted, what is made, what there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kc_exchange.provision.documents import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.provision.documents import Document


@dataclass(frozen=True, slots=True)
class Sheet:
    """The three documents of a realm."""

    realm: str
    wanted: Document = field(repr=False)
    whole: Document = field(repr=False)
    found: Document = field(repr=False)

    def parts(
        self, kind: str, member: str
    ) -> Iterator[tuple[str, Document, Document, Document | None]]:
        """Give each wanted part: its name, it, what it is made of, what there is."""
        for part in self.wanted.get(kind, ()):
            name = part[member]
            yield name, part, self.made_of(kind, name), self.there(kind, name)

    def made_of(self, kind: str, name: str) -> Document:
        """Return what a part is made of."""
        return named(self.whole.get(kind, ()), kind, name) or {}

    def there(self, kind: str, name: str) -> Document | None:
        """Return what the realm has under that name."""
        return named(self.found.get(kind, ()), kind, name)
