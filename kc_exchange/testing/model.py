"""Describe a realm: clients, scopes, roles and users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kc_exchange.testing.authorization import Authorization

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kc_exchange.testing.brokers.model import IdentityProvider, Link

RoleKey = tuple[str, str]
"""A role's name after the client id that owns it ("" for a realm role)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapper:
    """Describe one protocol mapper: what it puts into which token."""

    name: str
    kind: str
    config: dict[str, str]

    def on(self, switch: str) -> bool:
        """Tell whether the named switch of the mapper is on."""
        return self.config.get(switch) == "true"


@dataclass(slots=True, kw_only=True)
class ClientScope:
    """Describe a client scope: mappers and roles that come with one word."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    mappers: tuple[Mapper, ...] = ()
    roles: set[RoleKey] = field(default_factory=set)

    @property
    def named_in_tokens(self) -> bool:
        """Tell whether the `scope` claim lists this scope."""
        return self.attributes.get("include.in.token.scope", "true") == "true"


@dataclass(slots=True, kw_only=True)
class Client:
    """Describe a client of the realm, in the words of its export."""

    id: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    enabled: bool = True
    public: bool = False
    bearer_only: bool = False
    consent_required: bool = False
    standard_flow: bool = True
    direct_grants: bool = False
    service_accounts: bool = False
    full_scope: bool = True
    authenticator: str = "client-secret"
    redirect_uris: tuple[str, ...] = ()
    web_origins: tuple[str, ...] = ()
    root_url: str = ""
    not_before: int = 0
    attributes: dict[str, str] = field(default_factory=dict)
    default_scopes: list[str] = field(default_factory=list)
    optional_scopes: list[str] = field(default_factory=list)
    mappers: tuple[Mapper, ...] = ()
    roles: set[RoleKey] = field(default_factory=set)

    def on(self, attribute: str, *, default: bool = False) -> bool:
        """Tell whether the named attribute is "true"."""
        value = self.attributes.get(attribute)
        return default if value is None else value == "true"


@dataclass(slots=True, kw_only=True)
class User:
    """Describe a user of the realm."""

    id: str
    username: str
    password: str | None = field(default=None, repr=False)
    enabled: bool = True
    email: str | None = None
    email_verified: bool = False
    first_name: str | None = None
    last_name: str | None = None
    attributes: dict[str, list[str]] = field(default_factory=dict)
    roles: set[RoleKey] = field(default_factory=set)
    groups: tuple[str, ...] = ()
    required_actions: tuple[str, ...] = ()
    service_client: str | None = None
    not_before: int = 0
    consents: dict[str, set[str]] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Realm:
    """Describe a realm: its clients, scopes, users, roles and lifetimes (seconds)."""

    name: str
    enabled: bool = True
    display_name: str | None = None
    access_token_lifespan: int = 300
    session_idle: int = 1800
    session_max: int = 36000
    code_lifespan: int = 60
    login_lifespan: int = 1800
    revoke_refresh_token: bool = False
    refresh_token_max_reuse: int = 0
    login_with_email: bool = True
    email_as_username: bool = False
    duplicate_emails: bool = False
    not_before: int = 0
    clients: dict[str, Client] = field(default_factory=dict)
    scopes: dict[str, ClientScope] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    providers: dict[str, IdentityProvider] = field(default_factory=dict)
    authorization: Authorization = field(default_factory=Authorization)
    composites: dict[RoleKey, set[RoleKey]] = field(default_factory=dict)
    default_scopes: list[str] = field(default_factory=list)
    optional_scopes: list[str] = field(default_factory=list)

    def user(self, login: str) -> User | None:
        """Return the user with that username or e-mail address, or None."""
        wanted = login.lower()
        for user in self.users.values():
            if user.username == wanted:
                return user
        return self._by_email(wanted) if self.login_with_email else None

    def _by_email(self, address: str) -> User | None:
        matches = (u for u in self.users.values() if (u.email or "").lower() == address)
        return next(matches, None)

    def service_account(self, client: Client) -> User | None:
        """Return the user that stands for the client itself, or None."""
        matches = (
            user
            for user in self.users.values()
            if user.service_client == client.client_id
        )
        return next(matches, None)

    def expand(self, roles: Iterable[RoleKey]) -> set[RoleKey]:
        """Return the roles together with all that composites add to them."""
        found: set[RoleKey] = set()
        waiting = list(roles)
        while waiting:
            role = waiting.pop()
            if role not in found:
                found.add(role)
                waiting.extend(self.composites.get(role, ()))
        return found

    def client_roles(self, client: Client) -> Iterator[RoleKey]:
        """Yield the roles that the client itself defines."""
        return (role for role in self.composites if role[0] == client.client_id)
