"""Where a person finds in the admin console what a document's member is called."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENTS = "Clients > "
_FLOWS = "Settings > Capability config"
_OIDC = "Settings > OpenID Connect settings"
_SMTP = "Email > Connection & Authentication"
_OWN = "{client}-dedicated"
"""The client scope that every client has for itself alone."""
_REALM = {
    "enabled": "Enabled",
    "accessTokenLifespan": "Tokens > Access Token Lifespan",
    "eventsEnabled": "Events > User events settings > Save events",
    "enabledEventTypes": "Events > User events settings > Event saved type",
    "eventsExpiration": "Events > User events settings > Expiration",
    "attributes.adminEventsExpiration": "Events > Admin events settings > Expiration",
    "adminEventsEnabled": "Events > Admin events settings > Save events",
    "displayName": "General > Display name",
    "sslRequired": "General > Require SSL",
    "smtpServer.host": f"{_SMTP} > Host",
    "smtpServer.port": f"{_SMTP} > Port",
    "smtpServer.user": f"{_SMTP} > Username",
    "smtpServer.password": f"{_SMTP} > Password",
    "smtpServer.from": "Email > Template > From",
    "smtpServer.fromDisplayName": "Email > Template > From display name",
}
_CLIENT = {
    "enabled": "Enabled",
    "name": "Settings > General settings > Name",
    "publicClient": f"{_FLOWS} > Client authentication",
    "standardFlowEnabled": f"{_FLOWS} > Standard flow",
    "implicitFlowEnabled": f"{_FLOWS} > Implicit flow",
    "directAccessGrantsEnabled": f"{_FLOWS} > Direct access grants",
    "serviceAccountsEnabled": f"{_FLOWS} > Service account roles",
    "attributes.standard.token.exchange.enabled": f"{_FLOWS} > Standard Token Exchange",
    "attributes.oauth2.jwt.authorization.grant.enabled": (
        f"{_FLOWS} > JWT Authorization Grant"
    ),
    "attributes.oauth2.jwt.authorization.grant.idp": (
        f"{_FLOWS} > Allowed Identity Providers for JWT Authorization Grant"
    ),
    "attributes.pkce.code.challenge.method": f"{_FLOWS} > PKCE Method",
    "redirectUris": "Settings > Access settings > Valid redirect URIs",
    "webOrigins": "Settings > Access settings > Web origins",
    "attributes.post.logout.redirect.uris": (
        "Settings > Access settings > Valid post logout redirect URIs"
    ),
    "consentRequired": "Settings > Login settings > Consent required",
    "clientAuthenticatorType": "Credentials > Client Authenticator",
    "secret": "Credentials > Client Secret",
    "attributes.x509.subjectdn": "Credentials > Subject DN",
    "attributes.jwks.string": "Keys > JSON Web Key Set",
    "attributes.use.jwks.string": "Keys > Use JWKS URL",
    "attributes.use.jwks.url": "Keys > Use JWKS URL",
    "attributes.token.endpoint.auth.signing.alg": "Credentials > Signature algorithm",
    "fullScopeAllowed": f"Client scopes > {_OWN} > Scope > Full scope allowed",
    "attributes.access.token.lifespan": (
        "Advanced > Advanced settings > Access Token Lifespan"
    ),
    "protocolMappers": f"Client scopes > {_OWN} > Mappers",
    "optionalClientScopes": "Client scopes > Optional",
    "defaultClientScopes": "Client scopes > Default",
}
_SCOPE = {
    "protocol": "Settings > Protocol",
    "attributes.include.in.token.scope": "Settings > Include in token scope",
    "attributes.display.on.consent.screen": "Settings > Display on consent screen",
    "protocolMappers": "Mappers",
    "roles": "Scope > Assign role",
}
_MAPPER = {
    "protocolMapper": "Mapper type",
    "config.included.client.audience": "Included Client Audience",
    "config.included.custom.audience": "Included Custom Audience",
    "config.access.token.claim": "Add to access token",
    "config.id.token.claim": "Add to ID token",
    "config.introspection.token.claim": "Add to token introspection",
}
_PROVIDER = {
    "enabled": "Enabled",
    "storeToken": "Settings > Advanced settings > Store tokens",
    "config.issuer": f"{_OIDC} > Issuer",
    "config.authorizationUrl": f"{_OIDC} > Authorization URL",
    "config.tokenUrl": f"{_OIDC} > Token URL",
    "config.userInfoUrl": f"{_OIDC} > User Info URL",
    "config.jwksUrl": f"{_OIDC} > JWKS URL",
    "config.useJwksUrl": f"{_OIDC} > Use JWKS URL",
    "config.validateSignature": f"{_OIDC} > Validate Signatures",
    "config.clientId": f"{_OIDC} > Client ID",
    "config.clientSecret": f"{_OIDC} > Client Secret",
    "config.disableTypeClaimCheck": (
        "Settings > Advanced settings > Disable type claim check"
    ),
    "config.jwtAuthorizationGrantEnabled": "Settings > JWT Authorization Grant",
}
_PROVIDER_MAPPER = {
    "identityProviderMapper": "Mapper type",
    "config.syncMode": "Sync mode override",
}
_USER = {
    "enabled": "Enabled",
    "realmRoles": "Role mapping",
    "clientRoles": "Role mapping",
    "federatedIdentities": "Identity provider links",
}
LABELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "realm": _REALM,
        "client": _CLIENT,
        "scope": _SCOPE,
        "mapper": _MAPPER,
        "provider": _PROVIDER,
        "identityProviderMappers": _PROVIDER_MAPPER,
        "user": _USER,
        "role": {"composites": "Associated roles"},
        "permission": {"clients": "Permissions > token-exchange > Clients"},
    }
)
"""What the members of each kind of part are called, by their path."""
INVERTED = frozenset({"publicClient", "use.jwks.string"})
"""Switches that the console shows the other way round."""
REMARKS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("realm", "accessTokenLifespan"): (
            "for all clients of the realm that have none of their own"
        )
    }
)
"""What a change does besides, by the kind of part and the member's path."""


def label(kind: str, path: tuple[str, ...], place: str) -> str:
    """Return what the console calls a member; its own path where that is unknown.

    `place` is where the part is that has it.
    """
    whole = ".".join(path)
    known = LABELS.get(kind, {}).get(whole, whole)
    client = place.removeprefix(CLIENTS)
    return known.replace(_OWN, own_scope(client)) if whole != known else known


def own_scope(client_id: str) -> str:
    """Return what the console calls the scope that a client has for itself alone."""
    return _OWN.format(client=client_id)
