"""The settings as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from django.core.exceptions import ImproperlyConfigured

from kc_exchange.conf.impersonation_values import Audit, Impersonation
from kc_exchange.exceptions import UnknownDownstream, UnknownProvider, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf.shared_values import SharedCache

ClientAuth = Literal[
    "client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"
]
Chosen = Literal[
    "exchange", "cross-realm", "external", "jwt-grant", "linked", "forward",
    "service-account",
]  # fmt: skip
"""The strategies that settings may name."""
Strategy = Chosen | Literal["impersonate"]
"""And the one that the app itself takes while a grant is open."""
Kind = Literal["oidc", "keycloak-oidc", "google", "github"]
"""The types of identity providers, as Keycloak names them (`providerId`)."""
ExternalType = Literal["access_token", "id_token", "jwt"]
ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Realm:
    """One Keycloak realm, and this project's client in it."""

    alias: str
    issuer: str
    """The issuer URL, to the letter as Keycloak writes it into `iss`."""
    client_id: str
    client_secret: str = field(default="", repr=False)
    client_secret_file: str = ""
    """Path of a file with the secret, which is read anew when it changes."""
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
    dpop_key: str = field(default="", repr=False)
    """PEM text of the key that tokens are bound to, for downstreams with `dpop`."""
    discovery_url: str = ""
    """Where the discovery document is fetched from, if not below the issuer."""
    default_scopes: frozenset[str] = frozenset({"openid", "profile", "email"})
    """What Keycloak adds to every token of this client, asked for or not."""
    deadline: float = 3.0
    """Seconds that one exchange may take in all, its retry included."""
    max_in_flight: int = 32
    """Requests to the token endpoint that a process has under way at the most."""
    audiences: frozenset[str] = frozenset()
    """Audiences a bearer token sent to this project may have; default: `client_id`."""
    authorized_parties: frozenset[str] = frozenset()
    """Clients (`azp`) whose tokens are accepted; empty: any client of the realm."""
    actors: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Actors (`act.sub`) and the clients (`azp`, or "*") in whose tokens they may act.

    An actor that is not listed is refused; see `jwt_validation.actors`.
    """
    hosts: frozenset[str] = frozenset()
    """Host names that `capture.realm_by_host` takes for this realm's."""
    users: bool = True
    """Whether its users come here: only then is a token of it taken for a login."""

    @property
    def has_secret(self) -> bool:
        """Whether the settings give its client a secret, or the file that has it."""
        return bool(self.client_secret.strip() or self.client_secret_file.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An identity provider that is no realm, and whose tokens Keycloak takes."""

    alias: str
    """Its alias at Keycloak, in the realm below."""
    audiences: frozenset[str]
    """Clients of the provider whose users may come with its tokens; "*": any.

    Whoever asked for a token is one of them, and whom an ID token is for.

    Keycloak compares the audience of an external token with nothing, so without this
    a token that somebody's other app was given would do.
    """
    realm: str = "default"
    """Alias of the realm that knows the provider."""
    kind: Kind = "oidc"
    issuer: str = ""
    """What its tokens carry as `iss`; empty where they are opaque."""
    token_type: ExternalType = "id_token"  # noqa: S105 - not a secret
    """What its tokens are; no others pass."""
    client_id: str = ""
    """The realm's own client at the provider, for `provision`."""
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Downstream:
    """A service that is called, and how its token is obtained."""

    name: str
    base_url: str
    audience: str
    scopes: frozenset[str] = frozenset()
    realm: str = ""
    """Alias of the realm that issues its tokens; empty: the user's own."""
    strategy: Strategy = "exchange"
    subject_issuers: Mapping[str, str] = field(default_factory=dict)
    """Aliases of the identity providers that stand for the users' realms, by those.

    Of strategy `external` there is one alone, that of "": see `subject_issuer`.
    """
    requested_issuer: str = ""
    """Alias of the linked provider whose own token the downstream takes."""
    assertion_scopes: frozenset[str] = frozenset()
    """Optional client scopes that let a token be an assertion in `realm`."""
    actor: Literal["", "service-account"] = ""
    """Who is named as the actor (`act`) in the exchanged token; empty: nobody."""
    timeout: tuple[float, float] = (3.05, 10.0)
    """Seconds to connect, and seconds between two bytes."""
    ca_bundle: str = ""
    """Path of the certificate authorities to trust; those of `certifi` where empty."""
    certificate: str = ""
    """Path of the client certificate (PEM) that is shown to it; empty: none is."""
    certificate_key: str = ""
    """Path of its key (PEM); the same file where empty."""
    dpop: bool = False
    """Whether its tokens are bound to the realm's `dpop_key` (RFC 9449)."""
    accept_bare_401: bool = False
    """Whether a 401 without `error="invalid_token"` also renews the token."""

    def subject_issuer(self, realm: str = "") -> str:
        """Return the alias by which `self.realm` knows the issuer of a user's token.

        Args:
            realm: the user's realm; empty for the provider of strategy `external`.
        """
        return self.subject_issuers.get(realm, realm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of `KC_EXCHANGE`."""

    realms: Mapping[str, Realm]
    """By their aliases, `default` first."""
    downstreams: Mapping[str, Downstream]
    impersonation: Impersonation = field(default_factory=Impersonation)
    audit: Audit = field(default_factory=Audit)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    realm_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What else `provision` gives a realm, by its alias: paths of realm documents."""
    realm_of_request: str = "kc_exchange.capture.realm_by_issuer"
    """Function `(request) -> alias | None`; see `capture.realms`."""
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
    refused_seconds: float = 30.0
    """Seconds for which a refusal of Keycloak's is remembered; 30 to 60."""
    shared_cache: SharedCache | None = None
    """None: each process has a cache of its own alone."""

    @property
    def user_realms(self) -> tuple[Realm, ...]:
        """The realms whose users come here, `default` first."""
        return tuple(realm for realm in self.realms.values() if realm.users)

    def realm_of_issuer(self, issuer: object) -> Realm | None:
        """Return the realm whose users' tokens have this `iss`, None without one.

        Of several, which differ in their client, `default` comes first.
        """
        known = (one for one in self.realms.values() if one.issuer == issuer)
        return next((one for one in known if one.users), None)

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

    def provider(self, alias: str) -> Provider:
        """Return the identity provider of that alias.

        Raises:
            UnknownProvider: there is none.
        """
        try:
            return self.providers[alias]
        except KeyError:
            raise UnknownProvider(
                f"No identity provider {printable(alias)!r} is configured.",
                f"Add it to KC_EXCHANGE['PROVIDERS'], which has "
                f"{sorted(self.providers)}.",
            ) from None
