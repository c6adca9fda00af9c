"""Check a client's signed assertion (RFC 7523 section 3)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any

import jwt

from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.identity import audience_list
from kc_exchange.testing.public_keys import (
    certified_key,
    fetched_set,
    found_key,
    public_key,
)

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.messages import Form
    from kc_exchange.testing.model import Client

Json = dict[str, Any]

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
    "EdDSA",
]  # fmt: skip
CLOCK_SKEW = 15
LONGEST_AGE = 60


def assertion_client(assertion: str) -> str | None:
    """Return the client id the assertion claims, unchecked."""
    try:
        subject = _segment(assertion, 1).get("sub")
    except ValueError:
        return None
    return subject if isinstance(subject, str) else None


def _segment(assertion: str, place: int) -> Json:
    segments = assertion.split(".")
    if len(segments) != 3:  # noqa: PLR2004 - header, claims, signature
        raise ValueError(place)
    document = json.loads(urlsafe_b64decode(segments[place] + "=="))
    if not isinstance(document, dict):
        raise ValueError(place)  # noqa: TRY004 - the caller catches one kind
    return document


def check_assertion(server: RealmServer, client: Client, form: Form) -> None:
    """Refuse an assertion that does not prove the client's identity.

    Raises:
        OAuthError: the parameters are missing, the signature or a claim is wrong, or
            the assertion was used before.
    """
    assertion = _assertion(form)
    claims = _verified(client, assertion)
    _check_times(server, claims)
    _check_audience(server, claims)
    identifier = claims.get("jti")
    if not identifier:
        raise refusal("Token jti claim is required")
    if not server.sessions.first_use(str(identifier), int(claims["exp"])):
        raise refusal("Token reuse detected")


def refusal(description: str) -> OAuthError:
    """Return the refusal of an assertion: `invalid_client` with status 400."""
    return OAuthError("invalid_client", description)


def _assertion(form: Form) -> str:
    kind = form.first("client_assertion_type")
    if kind is None:
        raise refusal("Parameter client_assertion_type is missing")
    if kind != ASSERTION_TYPE:
        raise refusal(
            f"Parameter client_assertion_type has value '{kind}' but expected is "
            f"'{ASSERTION_TYPE}'"
        )
    assertion = form.first("client_assertion")
    if not assertion:
        raise refusal("client_assertion parameter missing")
    return assertion


def _verified(client: Client, assertion: str) -> Json:
    header, claims = _unverified(assertion)
    wanted = client.attributes.get("token.endpoint.auth.signing.alg")
    if header.get("alg") not in ([wanted] if wanted else ALGORITHMS):
        raise refusal("Invalid signature algorithm")
    if (claims.get("iss"), claims.get("sub")) != (client.client_id, client.client_id):
        raise OAuthError(
            "invalid_client",
            "Invalid client or Invalid client credentials",
            status=401,
        )
    _check_signature(assertion, _key(client, header))
    return claims


def _unverified(assertion: str) -> tuple[Json, Json]:
    try:
        return _segment(assertion, 0), _segment(assertion, 1)
    except ValueError:
        raise refusal("Client authentication with signed JWT failed") from None


def _check_signature(assertion: str, key: Any) -> None:
    try:
        jwt.api_jws.decode(assertion, key, algorithms=ALGORITHMS)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise refusal(
            "Client authentication with signed JWT failed: Signature on JWT token "
            "failed validation"
        ) from None


def _key(client: Client, header: Json) -> Any:
    try:
        return _found_key(client, header.get("kid"))
    except (jwt.PyJWTError, ValueError, KeyError, OSError):
        raise refusal("Unable to load public key") from None


def _found_key(client: Client, kid: str | None) -> Any:
    if client.on("use.jwks.string"):
        return found_key(json.loads(client.attributes["jwks.string"]), kid)
    if client.on("use.jwks.url"):
        return found_key(fetched_set(client.attributes["jwks.url"]), kid)
    encoded = client.attributes.get("jwt.credential.certificate")
    if encoded:
        return certified_key(encoded)
    return public_key(client.attributes["jwt.credential.public.key"])


def _check_times(server: RealmServer, claims: Json) -> None:
    now = server.clock.seconds()
    expires_at, issued_at = claims.get("exp"), claims.get("iat", now)
    if not isinstance(expires_at, int):
        raise refusal("Token exp claim is required")
    if expires_at <= now or claims.get("nbf", now) > now:
        raise refusal("Token is not active")
    if issued_at > now + CLOCK_SKEW:
        raise refusal("Token was issued in the future")
    if issued_at < now - LONGEST_AGE - CLOCK_SKEW:
        raise refusal("Token was issued too far in the past to be used now")


def _check_audience(server: RealmServer, claims: Json) -> None:
    endpoints = ("token", "token/introspect", "revoke")
    accepted = {server.issuer, *(f"{server.protocol_url}/{e}" for e in endpoints)}
    audience = audience_list(claims)
    if not accepted & set(audience):
        raise refusal("Invalid token audience")
    if len(audience) > 1:
        raise refusal("Multiple audiences not allowed")
