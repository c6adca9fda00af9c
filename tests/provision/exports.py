"""What is exported of the company, realm by realm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision import exported
from kc_exchange.provision.documents import named

if TYPE_CHECKING:
    from tests.provision.company import Company

Json = dict[str, Any]


def documents(company: Company, *, secrets: bool = True) -> dict[str, Json]:
    """The documents of the company's realms, by their aliases."""
    found, _ = exported(company.wanted().values(), with_secrets=secrets)
    return {name.removeprefix("company-"): one for name, one in found.items()}


def part(document: Json, kind: str, name: str) -> Json:
    found = named(document[kind], kind, name)
    assert found is not None, name
    return found
