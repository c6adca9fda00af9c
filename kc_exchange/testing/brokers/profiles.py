"""Read what providers tell of their users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.brokers.model import ExternalIdentity
from kc_exchange.testing.errors import failed

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import Json


def openid_identity(told: Json) -> ExternalIdentity:
    """Read the standard claims (OpenID Connect Core section 5.1); `sub` is there."""
    given, family = _text(told.get("given_name")), _text(told.get("family_name"))
    if given is None and family is None:
        given, family = _split(_text(told.get("name")))
    email, identifier = _text(told.get("email")), str(told["sub"])
    return ExternalIdentity(
        id=identifier,
        username=_text(told.get("preferred_username")) or email or identifier,
        email=email,
        first_name=given,
        last_name=family,
    )


def github_identity(told: Json) -> ExternalIdentity:
    """Read what GitHub's `/user` tells.

    Raises:
        OAuthError: there is no id, on which Keycloak fails.
    """
    if told.get("id") is None:
        raise failed()
    first, last = _split(_text(told.get("name")))
    return ExternalIdentity(
        id=str(told["id"]),
        username=_text(told.get("login")),
        email=_text(told.get("email")),
        first_name=first,
        last_name=last,
    )


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _split(name: str | None) -> tuple[str | None, str | None]:
    if name is None:
        return None, None
    first, space, last = name.rpartition(" ")
    return (first, last) if space else (name, None)
