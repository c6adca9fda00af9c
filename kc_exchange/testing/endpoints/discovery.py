"""Publish the provider's metadata and keys."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from kc_exchange.testing.grants import GRANTS
from kc_exchange.testing.messages import Request, Response, json_response

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer

SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
SIGNATURES += ["ES256", "ES384", "ES512", "EdDSA"]
CLIENT_AUTHENTICATION = [
    "private_key_jwt",
    "client_secret_basic",
    "client_secret_post",
    "tls_client_auth",
]
CLAIMS = ["iss", "sub", "aud", "exp", "iat", "auth_time", "name", "given_name"]
CLAIMS += ["family_name", "preferred_username", "email", "acr", "azp", "nonce"]


def discovery(server: RealmServer, _: Request) -> Response:
    """Answer with the provider's metadata (OpenID Connect Discovery section 3)."""
    addresses = _addresses(server)
    document: dict[str, object] = {
        "issuer": server.issuer,
        "authorization_endpoint": f"{server.protocol_url}/auth",
        **addresses,
        "end_session_endpoint": f"{server.protocol_url}/logout",
        "jwks_uri": f"{server.protocol_url}/certs",
        "scopes_supported": ["openid", *server.realm.scopes],
        **_abilities(),
    }
    if server.tls:
        document["mtls_endpoint_aliases"] = addresses
        document["tls_client_certificate_bound_access_tokens"] = True
    return json_response(document)


def _addresses(server: RealmServer) -> dict[str, str]:
    return {
        "token_endpoint": f"{server.protocol_url}/token",
        "introspection_endpoint": f"{server.protocol_url}/token/introspect",
        "userinfo_endpoint": f"{server.protocol_url}/userinfo",
        "revocation_endpoint": f"{server.protocol_url}/revoke",
    }


def _abilities() -> dict[str, object]:
    document: dict[str, object] = {
        "grant_types_supported": sorted(GRANTS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["public"],
        "prompt_values_supported": ["none", "login"],
        "acr_values_supported": ["0", "1"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": CLAIMS,
        "claim_types_supported": ["normal"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }
    for endpoint in ("token", "introspection", "revocation"):
        prefix = f"{endpoint}_endpoint_auth"
        document[f"{prefix}_methods_supported"] = CLIENT_AUTHENTICATION
        document[f"{prefix}_signing_alg_values_supported"] = SIGNATURES
    return document


def certs(server: RealmServer, _: Request) -> Response:
    """Answer with the realm's public keys (RFC 7517)."""
    return json_response(server.keys.jwks()).with_headers(("Cache-Control", "no-cache"))


def realm_info(server: RealmServer, _: Request) -> Response:
    """Answer with what Keycloak tells everybody about a realm."""
    return json_response(
        {
            "realm": server.realm.name,
            "public_key": b64encode(server.keys.active.public_der).decode(),
            "token-service": server.protocol_url,
            "account-service": f"{server.issuer}/account",
            "tokens-not-before": server.realm.not_before,
        }
    )
