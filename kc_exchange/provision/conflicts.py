"""What is wanted, and cannot be: something else is in its place, or both are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.provision.rules import Rule

if TYPE_CHECKING:
    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.parts import Part

_USUAL = {"protocol": "openid-connect"}
"""What Keycloak means where it leaves a member out."""
_ALIKE = frozenset({"oidc", "keycloak-oidc"})
"""Providers that one may be made into the other."""


def refuse_another(part: Part, member: str) -> None:
    """Refuse to make what a realm has under that name into something else.

    `member` says what it is: the protocol of a client, the type of a mapper.

    Raises:
        ProvisionFailed: it is something else.
    """
    wanted = part.wanted.get(member, part.whole.get(member))
    has = (part.found or {}).get(member) or _USUAL.get(member)
    if part.found is None or wanted is None or _fits(wanted, has):
        return
    raise ProvisionFailed(
        f"{part.place} of realm {part.realm!r} is something else: its {member} is "
        f"{has!r}, not {_said(wanted)!r}.",
        "Rename it at Keycloak, or delete it if nobody needs it; or call yours "
        "otherwise in KC_EXCHANGE or REALM_FILES.",
    )


def wanted_twice(realm: str, scope: str) -> ProvisionFailed:
    """Return the error of a scope that is wanted unasked, and asked for by its name."""
    return ProvisionFailed(
        f"Client scope {scope!r} of realm {realm!r} is wanted in two ways: of every "
        "token of a client unasked, and of those alone that ask for it by its name.",
        f"Let no SCOPES or ASSERTION_SCOPES have {scope!r} where a downstream without "
        "SCOPES is called so, or give that one SCOPES of its own; look into "
        "REALM_FILES, too.",
    )


def scope_in_two_places(client: Document) -> str:
    """Return a scope that a client is to have by default and optionally, else ""."""
    optional = set(client.get("optionalClientScopes", ()))
    both = optional.intersection(client.get("defaultClientScopes", ()))
    return min(both, default="")


def _fits(wanted: Any, has: Any) -> bool:
    if isinstance(wanted, Rule):
        return wanted.holds(has)
    return wanted == has or {wanted, has} <= _ALIKE


def _said(wanted: Any) -> Any:
    return wanted.value(None) if isinstance(wanted, Rule) else wanted
