"""Check a client's signed assertion (RFC 7523 section 3)."""

from __future__ import annotations

import json
import ssl
from base64 import b64decode
from typing import Any
from urllib.request import urlopen

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from kc_exchange.testing.context import RealmServer
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.identity import audience_list
from kc_exchange.testing.messages import Form
from kc_exchange.testing.model import Client

Json = dict[str, Any]

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
    "EdDSA",
]  # fmt: skip
LONGEST_LIFE = 60


def assertion_client(assertion: str) -> str | None:
    """Return the client id the assertion claims, unchecked."""
    try:
        claims: Json = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    subject = claims.get("sub")
    return subject if isinstance(subject, str) else None


def check_assertion(server: RealmServer, client: Client, form: Form) -> None:
    """Refuse an assertion that does not prove the client's identity.

    Raises:
        OAuthError: the parameters are missing, the signature or a claim is wrong, or
            the assertion was used before.
    """
    assertion = _assertion(form)
    claims = _verified(client, assertion)
    _check_claims(server, client, claims)
    identifier = claims.get("jti")
    if not identifier:
        raise _refusal("Missing jti claim in the token")
    expires_at = int(claims["exp"])
    if not server.sessions.first_use(str(identifier), expires_at):
        raise _refusal("Token reuse detected")


def _assertion(form: Form) -> str:
    if form.first("client_assertion_type") != ASSERTION_TYPE:
        raise _refusal("Parameter client_assertion_type is missing")
    assertion = form.first("client_assertion")
    if not assertion:
        raise _refusal("client_assertion parameter missing")
    return assertion


def _verified(client: Client, assertion: str) -> Json:
    options: Any = {"verify_exp": False, "verify_aud": False, "verify_iat": False}
    options |= {"verify_nbf": False}
    wanted = client.attributes.get("token.endpoint.auth.signing.alg")
    try:
        key = _key(client, jwt.get_unverified_header(assertion).get("kid"))
        return jwt.decode(
            assertion,
            key,  # type: ignore[arg-type]
            algorithms=[wanted] if wanted else ALGORITHMS,
            options=options,
        )
    except (jwt.PyJWTError, ValueError, TypeError, OSError):
        raise _refusal("Client authentication with signed JWT failed") from None


def _key(client: Client, kid: str | None) -> Any:
    if client.on("use.jwks.string"):
        return _from_jwks(json.loads(client.attributes["jwks.string"]), kid)
    if client.on("use.jwks.url"):
        return _from_jwks(_fetched(client.attributes["jwks.url"]), kid)
    return _configured(client)


def _fetched(url: str) -> Json:
    if not url.startswith(("http://", "https://")):
        raise ValueError(url)
    context = ssl.create_default_context() if url.startswith("https") else None
    with urlopen(url, timeout=5, context=context) as answer:  # noqa: S310 - checked above
        document: Json = json.load(answer)
    return document


def _from_jwks(document: Json, kid: str | None) -> Any:
    keys = jwt.PyJWKSet.from_dict(document).keys
    for key in keys:
        if kid is None or key.key_id == kid:
            return key.key
    raise ValueError(kid)


def _configured(client: Client) -> PublicKeyTypes:
    encoded = client.attributes.get("jwt.credential.certificate")
    if encoded:
        return x509.load_der_x509_certificate(b64decode(_bare(encoded))).public_key()
    return load_der_public_key(
        b64decode(_bare(client.attributes.get("jwt.credential.public.key", "")))
    )


def _bare(pem: str) -> str:
    lines = (line for line in pem.splitlines() if not line.startswith("-----"))
    return "".join(lines)


def _check_claims(server: RealmServer, client: Client, claims: Json) -> None:
    now = server.clock.seconds()
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        raise _refusal("Invalid token issuer or subject")
    accepted = {server.issuer, f"{server.protocol_url}/token"}
    accepted |= {f"{server.protocol_url}/token/introspect"}
    if not accepted & set(audience_list(claims)):
        raise _refusal("Invalid token audience")
    expires_at = claims.get("exp")
    if not isinstance(expires_at, int) or expires_at <= now:
        raise _refusal("Token is not active")


def _refusal(description: str) -> OAuthError:
    return OAuthError("invalid_client", description, status=401)
