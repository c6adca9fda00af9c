"""Keep the realms' not-before policies: tokens issued earlier are void."""

from __future__ import annotations

_instants: dict[str, int] = {}


def refuse_issued_before(issuer: str, instant: int) -> bool:
    """Refuse the tokens of `issuer` whose `iat` is before `instant` (epoch seconds).

    Return whether that is later than what was known.

    Keycloak sends it as `not-before-policy` with each token, and to an application
    that registered for it. It only ever rises, and holds for this process.
    """
    rises = instant > _instants.get(issuer, 0)
    if rises:
        _instants[issuer] = instant
    return rises


def not_before(issuer: str) -> int:
    """Return the instant, in seconds since the epoch; 0 where there is none."""
    return _instants.get(issuer, 0)


def forget() -> None:
    """Drop every policy."""
    _instants.clear()
