"""Check the claims of a token whose signature holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation.actors import SUBJECT, Actor, read_actors
from kc_exchange.jwt_validation.not_before import not_before
from kc_exchange.jwt_validation.read_only import ReadOnlyDict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Realm

MAX_LIFETIME = 86_400
"""Seconds from `iat` to `exp`; a token made to live longer is refused."""
_FAR = 2**40
_MAX_DEPTH = 16
_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """A valid access token's content. The token itself is not in it.

    Instants are in seconds since the epoch. `claims` holds all that the token says,
    read-only to its depth: arrays are tuples, objects refuse to be changed.
    """

    claims: Mapping[str, Any] = field(repr=False, hash=False)
    realm: str
    """Alias of the realm that issued it."""
    issuer: str
    subject: str
    azp: str
    """The client it was issued to; "" where the token does not say."""
    audience: frozenset[str]
    scope: frozenset[str]
    realm_roles: frozenset[str]
    roles_by_client: Mapping[str, frozenset[str]] = field(hash=False)
    issued_at: int
    not_before: int
    expires_at: int
    actors: tuple[Actor, ...]
    """Who acts for the subject, then who acted before (RFC 8693 section 4.1)."""

    @property
    def actor(self) -> Actor | None:
        """Who acts for the subject, or None: the subject acts."""
        return self.actors[0] if self.actors else None

    def client_roles(self, client: str) -> frozenset[str]:
        """Return the subject's roles of one client (`resource_access`)."""
        return self.roles_by_client.get(client, _NOBODY)


def read_claims(payload: dict[str, Any], realm: Realm) -> Claims:
    """Return the claims, all checked but the clock, and `iss` that chose the realm.

    Raises:
        InvalidToken: one is missing, of a wrong type, or names somebody else.
    """
    _refuse_other_kinds(payload)
    azp = _authorized_party(payload, realm)
    issued_at, expires_at = _instant(payload, "iat"), _instant(payload, "exp")
    if not 0 <= expires_at - issued_at <= MAX_LIFETIME:
        raise InvalidToken.because("made to live too long, or to end before it began")
    return Claims(
        claims=_frozen(payload, 0),
        realm=realm.alias,
        issuer=realm.issuer,
        subject=_subject(payload),
        azp=azp,
        audience=_audience(payload, realm),
        scope=_scope(payload),
        realm_roles=_roles(payload.get("realm_access", {})),
        roles_by_client=_client_roles(payload.get("resource_access", {})),
        issued_at=issued_at,
        not_before=_instant(payload, "nbf") if "nbf" in payload else 0,
        expires_at=expires_at,
        actors=_actors(payload, realm, azp),
    )


def check_time(claims: Claims, now: float, leeway: float) -> None:
    """Compare the claims with the clock; `leeway` is in seconds.

    Raises:
        InvalidToken: expired, not valid yet, or issued before the not-before policy.
    """
    if claims.expires_at <= now - leeway:
        raise InvalidToken.because("expired")
    if max(claims.issued_at, claims.not_before) > now + leeway:
        raise InvalidToken.because("not valid yet")
    if claims.issued_at < not_before(claims.issuer, claims.subject):
        raise InvalidToken.because("issued before a not-before policy")


def _refuse_other_kinds(payload: Mapping[str, Any]) -> None:
    if payload.get("typ") != "Bearer":
        raise InvalidToken.because("typ is not Bearer: another kind of token")
    if "cnf" in payload:
        raise InvalidToken.because("bound to a key, and no proof of it is taken")


def _instant(payload: Mapping[str, Any], name: str) -> int:
    value = payload.get(name)
    if type(value) is not int or not 0 <= value < _FAR:
        raise InvalidToken.because(f"{name} is missing or no instant")
    return value


def _subject(payload: Mapping[str, Any]) -> str:
    value = payload.get("sub")
    if not isinstance(value, str) or SUBJECT.fullmatch(value) is None:
        raise InvalidToken.because("sub is missing or malformed")
    return value


def _authorized_party(payload: Mapping[str, Any], realm: Realm) -> str:
    value = payload.get("azp", "")
    if not isinstance(value, str):
        raise InvalidToken.because("azp is not a string")
    if realm.authorized_parties and value not in realm.authorized_parties:
        raise InvalidToken.because("issued to a client that is not accepted")
    return value


def _audience(payload: Mapping[str, Any], realm: Realm) -> frozenset[str]:
    value = payload.get("aud")
    audience = _words([value] if isinstance(value, str) else value, "aud")
    if realm.audiences.isdisjoint(audience):
        raise InvalidToken.because("meant for another audience")
    return audience


def _words(value: object, name: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise InvalidToken.because(f"{name} is not a list of strings")
    return frozenset(value)


def _scope(payload: Mapping[str, Any]) -> frozenset[str]:
    value = payload.get("scope", "")
    if not isinstance(value, str):
        raise InvalidToken.because("scope is not a string")
    return frozenset(filter(None, value.split(" ")))


def _roles(access: object) -> frozenset[str]:
    if not isinstance(access, dict):
        raise InvalidToken.because("the roles are not in an object")
    return _words(access.get("roles", []), "roles")


def _client_roles(access: object) -> Mapping[str, frozenset[str]]:
    if not isinstance(access, dict):
        raise InvalidToken.because("resource_access is not an object")
    return ReadOnlyDict({client: _roles(own) for client, own in access.items()})


def _actors(payload: Mapping[str, Any], realm: Realm, azp: str) -> tuple[Actor, ...]:
    if "act" not in payload:
        return ()
    actors = read_actors(payload["act"], realm, azp)
    if not actors:
        raise InvalidToken.because("act holds null")
    return actors


def _frozen(value: Any, depth: int) -> Any:
    """Make it read-only: one view's change must not reach the next request."""
    if isinstance(value, (dict, list)):
        if depth > _MAX_DEPTH:
            raise InvalidToken.because("nested too deeply")
        if isinstance(value, list):
            return tuple(_frozen(item, depth + 1) for item in value)
        return ReadOnlyDict({k: _frozen(v, depth + 1) for k, v in value.items()})
    return value
