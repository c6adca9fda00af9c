"""Find the user an external identity belongs to, or make one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from kc_exchange.testing.brokers.model import Link
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.model import User

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import ExternalIdentity, IdentityProvider
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import Realm


def imported_user(
    server: RealmServer, provider: IdentityProvider, identity: ExternalIdentity
) -> User:
    """Return the user with this account at the provider; who has none yet is made.

    Raises:
        OAuthError: the user is disabled, or another one has the name or the address.
    """
    with server.links.lock:
        user = server.links.user(provider.alias, identity.id)
        if user is None:
            return _made(server, provider, identity)
    if not user.enabled:
        raise OAuthError("invalid_token", "Invalid Token")
    return user


def _made(
    server: RealmServer, provider: IdentityProvider, identity: ExternalIdentity
) -> User:
    realm = server.realm
    name = _name(realm, provider, identity).strip()
    if _taken(realm, name.lower(), (identity.email or "").lower()):
        raise OAuthError("invalid_token", "User already exists")
    user = User(
        id=str(uuid4()),
        username=name.lower(),
        email=identity.email and identity.email.lower(),
        email_verified=provider.trust_email and bool(identity.email),
        first_name=identity.first_name,
        last_name=identity.last_name,
        roles={("", f"default-roles-{realm.name}")},
    )
    server.links.make(user)
    server.links.join(user, provider.alias, Link(user_id=identity.id, username=name))
    return user


def _name(realm: Realm, provider: IdentityProvider, identity: ExternalIdentity) -> str:
    if realm.email_as_username and identity.email:
        return identity.email
    return identity.username or f"{provider.alias}.{identity.id}"


def _taken(realm: Realm, name: str, email: str) -> bool:
    users = realm.users.values()
    if any(user.username == name for user in users):
        return True
    if not email or realm.duplicate_emails:
        return False
    return any((user.email or "").lower() == email for user in users)
