"""Two realms as they should be: people in one, a service of another behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

CLINIC, ANNEX = "clinic", "clinic-annex"
PARTNER = "partner"
"""Alias of the identity provider that is no realm."""
ALICE_ID = "6d4b7c0e-3f3e-4c59-9d0c-0d3f2f6f7a01"
PEOPLE = ("alice", "bob", "olga", "rita")
_ROOT = Path(__file__).parents[2]
_SHOP = json.loads((_ROOT / "exampleproject/keycloak/shop-realm.json").read_text())
_BUILT_IN = ["basic", "acr", "profile", "email", "roles", "web-origins"]

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    """Return a private key as PRIVATE_KEY has it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def key_set(key: ec.EllipticCurvePrivateKey, kid: str = "clinic") -> str:
    """Return the public half as a client's key set."""
    jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return json.dumps({"keys": [{**jwk, "kid": kid, "use": "sig", "alg": "ES256"}]})


def audience(*, client: str = "", custom: str = "") -> dict[str, Any]:
    """Return an audience mapper."""
    kind, value = ("client", client) if client else ("custom", custom)
    return {
        "name": f"audience {value}",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "consentRequired": False,
        "config": {
            f"included.{kind}.audience": value,
            "access.token.claim": "true",
            "id.token.claim": "false",
            "introspection.token.claim": "true",
            "lightweight.claim": "false",
        },
    }


def scope(name: str, *mappers: dict[str, Any]) -> dict[str, Any]:
    """Return a client scope that tokens name."""
    return {
        "name": name,
        "protocol": "openid-connect",
        "attributes": {
            "include.in.token.scope": "true",
            "display.on.consent.screen": "true",
        },
        "protocolMappers": list(mappers),
    }


def client(name: str, *optional: str, **changes: Any) -> dict[str, Any]:
    """Return a confidential client without flows."""
    return {
        "clientId": name,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": True,
        "clientAuthenticatorType": "client-secret",
        "secret": f"{name}-secret",
        "redirectUris": [],
        "attributes": {},
        "protocolMappers": [],
        "defaultClientScopes": list(_BUILT_IN),
        "optionalClientScopes": [*optional, "offline_access"],
        **changes,
    }


def requester(name: str, *optional: str, **attributes: str) -> dict[str, Any]:
    """Return a client that may exchange, and has a service account."""
    switches = {
        "standard.token.exchange.enabled": "true",
        "access.token.lifespan": "120",
    }
    return client(
        name,
        *optional,
        serviceAccountsEnabled=True,
        attributes={**switches, **attributes},
    )


def person(name: str, realm: str, **changes: Any) -> dict[str, Any]:
    """Return a user whose password is the name."""
    return {
        "username": name,
        "enabled": True,
        "emailVerified": True,
        "email": f"{name}@{realm}.example",
        "firstName": name.title(),
        "lastName": "Tester",
        "credentials": [{"type": "password", "value": name, "temporary": False}],
        "realmRoles": [f"default-roles-{realm}"],
        "requiredActions": [],
        **changes,
    }


def _realm(name: str, **parts: Any) -> dict[str, Any]:
    built_in = [s for s in _SHOP["clientScopes"] if s["name"] in _BUILT_IN]
    return {
        "realm": name,
        "enabled": True,
        "sslRequired": "external",
        "accessTokenLifespan": 300,
        "attributes": {},
        "defaultDefaultClientScopes": _BUILT_IN,
        "defaultOptionalClientScopes": ["offline_access"],
        **parts,
        "clientScopes": [*built_in, *parts["clientScopes"]],
    }


def clinic(annex: str, provider: str) -> dict[str, Any]:
    """Return the realm that people log in at; `annex` is the other's issuer."""
    login = client(
        "frontend",
        directAccessGrantsEnabled=True,
        protocolMappers=[audience(client="django-app"), audience(client="signed-app")],
    )
    signed = requester("signed-app", "orders:read")
    signed["clientAuthenticatorType"] = "client-jwt"
    signed["attributes"] |= {
        "use.jwks.string": "true",
        "jwks.string": key_set(KEY),
    }
    operator = person(
        "olga", CLINIC, clientRoles={"realm-management": ["impersonation"]}
    )
    return _realm(
        CLINIC,
        roles={"realm": [{"name": "customer"}]},
        clientScopes=[
            scope("orders:read", audience(client="orders-api")),
            scope("to-annex", audience(custom=annex)),
            scope("extra"),
        ],
        clients=[
            requester("django-app", "orders:read", "to-annex"),
            signed,
            login,
            client("orders-api"),
            client(annex),
        ],
        users=[
            person("alice", CLINIC, id=ALICE_ID),
            person("bob", CLINIC),
            person("rita", CLINIC, realmRoles=["default-roles-clinic", "customer"]),
            operator,
        ],
        identityProviders=[_partner(provider)],
    )


def annex(clinic: str) -> dict[str, Any]:
    """Return the realm of the service; `clinic` is the issuer of the people's realm."""
    granted = {
        "oauth2.jwt.authorization.grant.enabled": "true",
        "oauth2.jwt.authorization.grant.idp": CLINIC,
    }
    linked = {"identityProvider": CLINIC, "userId": ALICE_ID, "userName": "alice"}
    return _realm(
        ANNEX,
        clientScopes=[scope("stock:read", audience(client="stock-api"))],
        clients=[
            requester("annex-app", "stock:read", **granted),
            client("stock-api"),
        ],
        users=[person("alice", ANNEX, federatedIdentities=[linked])],
        identityProviders=[_keycloak(clinic)],
    )


def _keycloak(issuer: str) -> dict[str, Any]:
    endpoint = f"{issuer}/protocol/openid-connect"
    config = {
        "issuer": issuer,
        "authorizationUrl": f"{endpoint}/auth",
        "tokenUrl": f"{endpoint}/token",
        "userInfoUrl": f"{endpoint}/userinfo",
        "jwksUrl": f"{endpoint}/certs",
        "jwtAuthorizationGrantEnabled": "true",
    }
    return _oidc(CLINIC, config)


def _partner(url: str) -> dict[str, Any]:
    config = {
        "issuer": url,
        "authorizationUrl": f"{url}/auth",
        "tokenUrl": f"{url}/token",
        "userInfoUrl": f"{url}/userinfo",
        "jwksUrl": f"{url}/jwks",
    }
    return _oidc(PARTNER, config) | {"storeToken": True}


def _oidc(alias: str, config: dict[str, str]) -> dict[str, Any]:
    common = {
        "useJwksUrl": "true",
        "validateSignature": "true",
        "clientId": "django-app",
        "clientSecret": "not-used",
    }
    return {
        "alias": alias,
        "providerId": "oidc",
        "enabled": True,
        "config": {**common, **config},
    }
