"""The settings of impersonation and of its record, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AtKeycloak = Literal["required", "if-known", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    """Who may act as somebody else, how long, and what Keycloak has to do with it."""

    at_keycloak: AtKeycloak = "required"
    """Whether a grant has a token of the target; "never" keeps it local to Django."""
    realm: str = "default"
    """Alias of the realm whose client impersonates; a dedicated client's, if any."""
    operator_role: str = ""
    """Realm role of the operators, for `provision`; empty: it makes none."""
    may_impersonate: str = "kc_exchange.impersonation.may_impersonate"
    """Function `(*, operator, target, mode) -> bool`; see `permissions`."""
    default_minutes: int = 15
    max_minutes: int = 60
    idle_minutes: int = 15
    """Minutes without a request after which a grant ends."""
    categories: tuple[str, ...] = ()
    """Kinds of reasons to choose from; none: the field is not shown."""
    ticket_pattern: str = ""
    """Regular expression that a ticket must match as a whole; empty: any."""
    ticket_help: str = ""
    """What the form says of a ticket, such as "For example KILN-123."."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose X-Forwarded-For is believed."""
    forbidden_url_names: frozenset[str] = frozenset(
        {
            "password_change",
            "account_change_password",
            "account_set_password",
            "account_email",
            "account_reauthenticate",
            "mfa_*",
            "socialaccount_connections",
            "usersessions_list",
        }
    )
    """Names of URLs ("namespace:name") that no operator reaches as somebody else.

    `*` stands for anything. The default has Django's password change, and allauth.
    """
    ordinary_roles: frozenset[str] = frozenset()
    """Keycloak roles of a target that the operator need not have."""
    user_admin: bool = False
    """Whether the admin's own page of users gets the button."""
    start_url: str = "/"
    """Where the operator arrives as the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """How checkpoints of the record are signed (C2SP tlog-checkpoint)."""

    origin: str = ""
    """The name of this record in its checkpoints, such as a host name."""
    signing_key: str = ""
    """Path of the Ed25519 private key (PEM)."""
    verify_keys: tuple[str, ...] = ()
    """Public keys that are believed, as C2SP verifier keys: `name+hash+base64`."""
