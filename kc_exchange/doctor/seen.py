"""What the steps have learnt of a realm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kc_exchange.requirements import (
    LEGACY_STRATEGIES,
    STANDARD_STRATEGIES,
    server_of,
)

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.discovery import Endpoints
    from kc_exchange.exceptions import ExchangeError
    from kc_exchange.jwt_validation.keys import Keys
    from kc_exchange.tokens import SubjectToken

LEGACY: frozenset[str] = LEGACY_STRATEGIES | {"impersonation"}
"""What needs the legacy exchange."""
NARROWING: frozenset[str] = STANDARD_STRATEGIES | {"assertion"}
"""What needs the standard exchange."""


@dataclass(slots=True)
class Seen:
    """One realm, as far as it has been looked at."""

    realm: Realm
    wanted: frozenset[str] = frozenset()
    """The strategies that ask this realm, "assertion" and "impersonation"."""
    needs_legacy: bool = False
    """Whether a realm of this server needs the legacy exchange."""
    endpoints: Endpoints | None = None
    keys: Keys | None = field(default=None, repr=False)
    is_usable: bool = False
    """Whether the token endpoint takes the requester."""
    is_public: bool = False
    exchanges: bool = True
    """Whether the server offers any token exchange."""
    legacy: bool | None = None
    """Whether the legacy exchange is on; None: nobody could tell."""
    legacy_refusal: ExchangeError | None = None
    """In whose words an impersonation is refused where it is off."""
    own: SubjectToken | None = None
    """A token of the requester's service account, if it has one."""
    lent: SubjectToken | None = None
    """A user's token that the requester may exchange by what it says itself."""
    not_before: int = 0
    """The realm's not-before policy, as the answer for `own` had it."""
    is_lightweight: bool = False
    is_old: bool = False
    """Whether the server is one from before CVE-2026-9704 was fixed."""
    knows_clock: bool = False
    """Whether its clock has been compared with this machine's."""
    version: str = ""
    features: frozenset[str] | None = None
    """Names of the features that are on, where an administrator could ask."""

    @property
    def server(self) -> str:
        """The address of the whole server: its realms share its features."""
        return server_of(self.realm)

    def exchanges_users(self, *, of_operators: bool) -> bool:
        """Tell whether its client has to exchange the tokens of users.

        What impersonates takes those of operators alone.
        """
        others = {"jwt-grant"} if of_operators else {"jwt-grant", "impersonation"}
        return bool(self.wanted & (NARROWING | LEGACY) - others)

    @property
    def token_url(self) -> str:
        """The address of the token endpoint."""
        return "" if self.endpoints is None else self.endpoints.token
