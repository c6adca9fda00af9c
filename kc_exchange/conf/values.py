"""The settings as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from django.core.exceptions import ImproperlyConfigured

from kc_exchange.exceptions import UnknownDownstream

if TYPE_CHECKING:
    from collections.abc import Mapping

ClientAuth = Literal[
    "client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"
]
Chosen = Literal["exchange", "forward", "service-account"]
"""The strategies that settings may name."""
Strategy = Chosen | Literal["impersonate"]
"""And the one that the app itself takes while a grant is open."""
AtKeycloak = Literal["required", "if-known", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Realm:
    """One Keycloak realm, and this project's client in it."""

    alias: str
    issuer: str
    """The issuer URL, to the letter as Keycloak writes it into `iss`."""
    client_id: str
    client_secret: str = field(default="", repr=False)
    client_auth: ClientAuth = "client_secret_basic"
    private_key: str = field(default="", repr=False)
    """PEM text of the key for `private_key_jwt`."""
    key_id: str = ""
    certificate: str = ""
    """Path of the client certificate (PEM) for `tls_client_auth`."""
    certificate_key: str = ""
    """Path of its key (PEM); the same file where empty."""
    ca_bundle: str = ""
    """Path of the certificate authorities to trust; the system's where empty."""
    discovery_url: str = ""
    """Where the discovery document is fetched from, if not below the issuer."""
    default_scopes: frozenset[str] = frozenset({"openid", "profile", "email"})
    """What Keycloak adds to every token of this client, asked for or not."""
    deadline: float = 3.0
    """Seconds that one exchange may take in all, its retry included."""
    audiences: frozenset[str] = frozenset()
    """Audiences a bearer token sent to this project may have; default: `client_id`."""
    authorized_parties: frozenset[str] = frozenset()
    """Clients (`azp`) whose tokens are accepted; empty: any client of the realm."""
    actors: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Actors (`act.sub`) and the clients (`azp`, or "*") in whose tokens they may act.

    An actor that is not listed is refused; see `jwt_validation.actors`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Downstream:
    """A service that is called, and how its token is obtained."""

    name: str
    base_url: str
    audience: str
    scopes: frozenset[str] = frozenset()
    realm: str = "default"
    strategy: Strategy = "exchange"
    timeout: tuple[float, float] = (3.05, 10.0)
    """Seconds to connect, and seconds between two bytes."""
    ca_bundle: str = ""
    """Path of the certificate authorities to trust; those of `certifi` where empty."""
    accept_bare_401: bool = False
    """Whether a 401 without `error="invalid_token"` also renews the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    """Who may act as somebody else, how long, and what Keycloak has to do with it."""

    at_keycloak: AtKeycloak = "required"
    """Whether a grant has a token of the target; "never" keeps it local to Django."""
    realm: str = "default"
    """Alias of the realm whose client impersonates; a dedicated client's, if any."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of `KC_EXCHANGE`."""

    realms: Mapping[str, Realm]
    downstreams: Mapping[str, Downstream]
    impersonation: Impersonation = Impersonation()
    audit: Audit = Audit()
    capture: tuple[str, ...] = (
        "kc_exchange.capture.from_bearer",
        "kc_exchange.capture.from_session",
    )
    """Functions `(request) -> SubjectToken | None`, asked in this order."""
    user_from_claims: str = "kc_exchange.models.user_from_claims"
    """Function `(*, claims, identity) -> user | None`; see `models`."""
    leeway: int = 10
    """Seconds that two clocks may differ; 60 at the most."""
    cache_size: int = 10_000
    """Exchanged tokens kept in a process at the most."""

    def realm(self, alias: str) -> Realm:
        """Return the realm of that alias.

        Raises:
            ImproperlyConfigured: there is none.
        """
        try:
            return self.realms[alias]
        except KeyError:
            raise ImproperlyConfigured(
                f"KC_EXCHANGE has no realm {alias!r}. "
                f"Fix: add it to REALMS, which has {sorted(self.realms)}."
            ) from None

    def downstream(self, name: str) -> Downstream:
        """Return the downstream of that name.

        Raises:
            UnknownDownstream: there is none.
        """
        try:
            return self.downstreams[name]
        except KeyError:
            raise UnknownDownstream(
                f"No downstream {name!r} is configured.",
                "Add it to KC_EXCHANGE['DOWNSTREAMS'], "
                f"which has {sorted(self.downstreams)}.",
                audience=name,
            ) from None
