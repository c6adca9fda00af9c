"""Say which of Keycloak's optional features a server runs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LEGACY_EXCHANGE = "token-exchange"
ADMIN_PERMISSIONS = "admin-fine-grained-authz:v1"
KNOWN = frozenset({LEGACY_EXCHANGE, ADMIN_PERMISSIONS})


class Features:
    """Hold the features beyond Keycloak's defaults, as `--features` names them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._given = checked(names)
        self._now = self._given

    def set(self, names: Iterable[str]) -> None:
        """Have these features, and no others, from the next request on.

        Raises:
            ValueError: the embedded server does not know one of them.
        """
        self._now = checked(names)

    def reset(self) -> None:
        """Have the features of the start again."""
        self._now = self._given

    @property
    def legacy_exchange(self) -> bool:
        """Tell whether the legacy exchange answers what the standard one refuses."""
        return LEGACY_EXCHANGE in self._now

    @property
    def admin_permissions(self) -> bool:
        """Tell whether admin permissions of version 1 decide on legacy exchanges."""
        return ADMIN_PERMISSIONS in self._now


def checked(names: Iterable[str]) -> frozenset[str]:
    """Return the names, if the embedded server knows each.

    Raises:
        ValueError: it does not know one of them.
    """
    found = frozenset(names)
    if not found <= KNOWN:
        raise ValueError(
            f"The embedded Keycloak has no feature {', '.join(sorted(found - KNOWN))}. "
            f"It has, besides Keycloak's defaults: {', '.join(sorted(KNOWN))}."
        )
    return found
