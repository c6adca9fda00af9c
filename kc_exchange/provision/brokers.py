"""Users of one realm in another: the identity provider that stands for theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision.audiences import (
    default_scope,
    given,
    mapper,
    optional_scope,
)
from kc_exchange.provision.requesters import audience, exchanges
from kc_exchange.provision.rules import Among, Includes, OneOf, Unless
from kc_exchange.provision.shared import Fresh, Shared
from kc_exchange.requirements import BUILT_IN

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.provision.draft import Draft

GRANT_EVENTS = ("JWT_AUTHORIZATION_GRANT", "JWT_AUTHORIZATION_GRANT_ERROR")
BY_KEYS = {"useJwksUrl": "true", "validateSignature": "true"}
"""A token's signature is checked with the keys that its issuer publishes."""
_KIND = OneOf(("oidc", "keycloak-oidc"))
_ENDPOINTS = {
    "authorizationUrl": "auth",
    "tokenUrl": "token",
    "userInfoUrl": "userinfo",
    "jwksUrl": "certs",
}


def stands_for(there: Draft, here: Draft, alias: str) -> None:
    """Want a provider in realm `there` for the users of realm `here`.

    It logs in by a client of its own, so no realm has the secret of another's app.
    """
    client_id = f"{there.name}-broker"
    back = f"{there.issuer}/broker/{alias}/endpoint"
    audience(here, client_id)
    here.client(client_id, standardFlowEnabled=True, redirectUris=[back])
    about = f"Logs users of {here.name} in at {there.name}"
    here.begin(
        clients=[{"clientId": client_id, "description": about, "secret": Fresh()}]
    )
    config = {
        "issuer": here.issuer,
        "clientId": client_id,
        **endpoints(here.issuer),
        **BY_KEYS,
    }
    there.want(
        identityProviders=[
            {"alias": alias, "providerId": _KIND, "enabled": True, "config": config}
        ]
    )
    there.begin(identityProviders=[_begun(here, alias, client_id)])


def endpoints(issuer: str) -> dict[str, Unless]:
    """Return where a realm is asked, as a provider's configuration names it.

    Keycloak may reach it by another name than browsers: what is there stays.
    """
    base = f"{issuer.rstrip('/')}/protocol/openid-connect"
    return {member: Unless(f"{base}/{path}") for member, path in _ENDPOINTS.items()}


def cross_realm(there: Draft, here: Draft, alias: str, realm: Realm) -> None:
    """Want the legacy exchange of `here`'s tokens by `realm`'s client."""
    stands_for(there, here, alias)
    there.permit(alias, realm.client_id)


def jwt_grant(there: Draft, here: Draft, alias: str, realm: Realm) -> None:
    """Want the grant of RFC 7523 by `realm`'s client, for tokens of `here`."""
    stands_for(there, here, alias)
    grant = {"jwtAuthorizationGrantEnabled": "true"}
    there.want(identityProviders=[{"alias": alias, "config": grant}])
    there.client(
        realm.client_id,
        attributes={
            "oauth2.jwt.authorization.grant.enabled": "true",
            "oauth2.jwt.authorization.grant.idp": Among((alias,)),
        },
    )
    there.want(enabledEventTypes=Includes(GRANT_EVENTS))
    audience(here, there.issuer)


def assertion(here: Draft, there: Draft, wanted: Downstream, own: Realm) -> None:
    """Want `own`'s client to exchange a user's token for one that `there` takes."""
    exchanges(here, own.client_id)
    brings = mapper(url=there.issuer)
    given(here, own, wanted.assertion_scopes)
    scopes = sorted(wanted.assertion_scopes - own.default_scopes - BUILT_IN)
    for scope in scopes:
        optional_scope(here, scope, brings)
        here.client(own.client_id, optionalClientScopes=[scope])
    if not scopes:
        name = f"{there.name}-assertion"
        default_scope(here, name, brings)
        here.client(own.client_id, defaultClientScopes=[name])


def _begun(here: Draft, alias: str, client_id: str) -> dict[str, Any]:
    issuer = here.issuer.rstrip("/")
    return {
        "alias": alias,
        "displayName": here.name,
        "config": {
            "clientSecret": Shared(here.name, client_id),
            "clientAuthMethod": "client_secret_post",
            "defaultScope": "openid profile email",
            "logoutUrl": f"{issuer}/protocol/openid-connect/logout",
            "pkceEnabled": "true",
            "pkceMethod": "S256",
            "syncMode": "IMPORT",
        },
    }
