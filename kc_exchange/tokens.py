"""Tokens as values. None of them shows its secret in a repr."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from kc_exchange.strict_json import loads_object

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPE = "urn:ietf:params:oauth:token-type:"
ACCESS_TOKEN = f"{TYPE}access_token"
"""The identifier of an access token's type; as those below, of RFC 8693 section 3."""
ID_TOKEN = f"{TYPE}id_token"
JWT = f"{TYPE}jwt"

MAX_TOKEN_LENGTH = 20_000
"""Keycloak refuses a longer token parameter (26.6.3), or drops it (before)."""


class Secret(str):
    """A text whose repr says nothing: debug pages show the repr of local variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class _Unpicklable:
    """Refuse to be pickled: a pickle would carry the token in the clear."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise TypeError(
            f"{name} holds a token and is not pickled. "
            "Fix: hand over a reference to the session, not the token."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken(_Unpicklable):
    """A token as a downstream gets it.

    `expires_at` is in seconds since the epoch; 0.0 where it is not known.
    """

    value: str = field(repr=False)
    expires_at: float
    scope: frozenset[str] = frozenset()
    token_type: str = "Bearer"  # noqa: S105
    thumbprint: str = ""
    """That of the key which it is bound to (`cnf.jkt`, RFC 9449); empty: to none."""
    not_before: int = 0
    """The latest not-before policy at its issue, of the realm, client or user."""
    authorization: str = field(init=False, repr=False)
    """The value of the `Authorization` header."""

    @property
    def subject(self) -> str:
        """The `sub` that it names; empty where it names none."""
        return str(claims_of(self.value).get("sub", ""))

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", Secret(self.value))
        header = Secret(f"{self.token_type} {self.value}")
        object.__setattr__(self, "authorization", header)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectToken(_Unpicklable):
    """The user's own token, as captured from the request (RFC 8693 section 2.1)."""

    value: str = field(repr=False)
    realm: str = "default"
    """Alias of the realm that issued it, or that knows the provider which did."""
    provider: str = ""
    """Alias of the identity provider that issued it; empty: the realm itself."""
    expires_at: float = 0.0
    """Seconds since the epoch; 0.0 where it is not known."""
    token_type: str = ACCESS_TOKEN
    id_token: str = field(repr=False, compare=False, default="")
    """That of the same login, where there is one: a lightweight access token does not
    say whose it is."""

    def __post_init__(self) -> None:
        for name in ("value", "id_token"):
            object.__setattr__(self, name, Secret(getattr(self, name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet(_Unpicklable):
    """What a login or a refresh handed out (RFC 6749 section 5.1)."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False, default="")
    id_token: str = field(repr=False, default="")
    expires_at: float = 0.0
    """When the access token expires, in seconds since the epoch; 0.0: unknown."""
    realm: str = "default"

    def __post_init__(self) -> None:
        for name in ("access_token", "refresh_token", "id_token"):
            object.__setattr__(self, name, Secret(getattr(self, name)))


def unverified_claims(token: str) -> dict[str, Any]:
    """Return the claims of a compact JWT without checking its signature.

    For tokens that came over TLS from Keycloak itself, and for hints that Keycloak
    checks again.

    Raises:
        ValueError: `token` is not a JWT, or is longer than `MAX_TOKEN_LENGTH`.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        raise ValueError(f"longer than {MAX_TOKEN_LENGTH} characters")
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004
        raise ValueError("not a JWT: it has no three parts")
    payload = parts[1]
    try:
        raw = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a JWT: its payload is not base64url") from error
    return loads_object(raw)


def claims_of(token: object) -> dict[str, Any]:
    """Do as `unverified_claims` does; what is no JWT has no claims."""
    try:
        return unverified_claims(token) if isinstance(token, str) else {}
    except ValueError:
        return {}


def login_claims(access_token: str, id_token: str) -> dict[str, Any]:
    """Return the claims of a login: those of its ID token complete the access token's.

    A lightweight access token names neither its session nor its person.
    """
    return claims_of(id_token) | claims_of(access_token)


def roles_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the roles that a token carries: "name" of the realm, or "client/name".

    What is malformed carries none.
    """
    clients = claims.get("resource_access")
    held = {
        "": claims.get("realm_access"),
        **(clients if isinstance(clients, dict) else {}),
    }
    return frozenset(
        f"{client}/{name}" if client else name
        for client, access in held.items()
        if isinstance(access, dict) and isinstance(access.get("roles"), list)
        for name in access["roles"]
        if isinstance(name, str)
    )


def expiry(token: str) -> float:
    """Return the `exp` of a JWT, in seconds since the epoch; 0.0 where it has none."""
    return expiry_of(claims_of(token))


def expiry_of(claims: Mapping[str, Any]) -> float:
    """Return the `exp` of claims, in seconds since the epoch; 0.0 without one."""
    return _moment(claims.get("exp"))


def issue_of(claims: Mapping[str, Any]) -> float:
    """Return the `iat` of claims, in seconds since the epoch; 0.0 without one."""
    return _moment(claims.get("iat"))


def _moment(value: object) -> float:
    return float(value) if type(value) is int and 0 < value < 2**40 else 0.0
