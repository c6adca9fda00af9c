"""Answer the JWT authorization grant (RFC 7523 section 2.1), as Keycloak does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange.testing.brokers.assertions import (
    allowed_audience,
    check_audience,
    check_use,
)
from kc_exchange.testing.brokers.model import ASSERTIONS, OPENID, IdentityProvider
from kc_exchange.testing.brokers.signed_tokens import (
    SIGNATURES,
    SignedToken,
    is_signed_by,
    read_token,
)
from kc_exchange.testing.consents import lacks_consent
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.records import JwtGrantRecord
from kc_exchange.testing.replies import token_reply
from kc_exchange.testing.scopes import check_scope
from kc_exchange.testing.tokens import Issue, access_claims

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.model import Client, Realm, User

Json = dict[str, Any]

ENABLED = "oauth2.jwt.authorization.grant.enabled"
PROVIDERS = "oauth2.jwt.authorization.grant.idp"
SHORTCUT = "ag"


@dataclass(slots=True, kw_only=True)
class Progress:
    """Hold what becomes known of a grant while it is answered."""

    claims: Json = field(default_factory=dict)
    provider: IdentityProvider | None = None
    user: User | None = None
    issued: Json = field(default_factory=dict)


def jwt_authorization(grant: GrantRequest) -> Json:
    """Answer a JWT authorization grant and record how it ended.

    Raises:
        OAuthError: the grant is refused; error and text are Keycloak's.
    """
    progress = Progress()
    try:
        reply = _answered(grant, progress)
    except OAuthError as refusal:
        _record(grant, progress, refusal)
        raise
    _record(grant, progress, None)
    return reply


def _answered(grant: GrantRequest, progress: Progress) -> Json:
    token = _assertion(grant)
    claims = progress.claims = token.claims or {}
    _check_client(grant.client)
    for name in ("iss", "sub"):
        if claims.get(name) is None:
            raise refusal(f"Missing claim: {name}")
    provider = progress.provider = _provider(grant.server.realm, claims["iss"])
    if provider.alias not in grant.client.attributes.get(PROVIDERS, "").split("##"):
        raise refusal("Identity Provider is not allowed for the client")
    _check_signature(provider, token)
    check_use(grant.server, provider, claims)
    progress.user = _user(grant, provider, claims)
    issue = _issue(grant, progress.user)
    check_audience(allowed_audience(grant.server, grant.client, provider), claims)
    progress.issued = _limited(provider, claims, access_claims(issue))
    return token_reply(issue, progress.issued, refresh=False)


def refusal(description: str) -> OAuthError:
    """Return the refusal of an assertion."""
    return OAuthError("invalid_grant", description)


def _assertion(grant: GrantRequest) -> SignedToken:
    text = grant.form.first("assertion")
    if text is None:
        raise refusal("Missing parameter:assertion")
    token = read_token(text)
    if token is None or token.claims is None:
        raise refusal("The provided assertion is not a valid JWT")
    return token


def _check_client(client: Client) -> None:
    if client.public:
        raise refusal("Public client not allowed to use authorization grant")
    if not client.on(ENABLED):
        raise refusal(
            "JWT Authorization Grant is not supported for the requested client"
        )


def _provider(realm: Realm, issuer: str) -> IdentityProvider:
    found = [
        provider
        for provider in realm.providers.values()
        if provider.enabled and _takes_assertions(provider, issuer)
    ]
    if not found:
        raise refusal("No Identity Provider for provided issuer")
    if len(found) > 1:
        aliases = ", ".join(provider.alias for provider in found[:2])
        raise refusal(f"Multiple IDPs match the same issuer: [{aliases}]")
    return found[0]


def _takes_assertions(provider: IdentityProvider, issuer: str) -> bool:
    switched_on = provider.on("jwtAuthorizationGrantEnabled")
    able = provider.kind == ASSERTIONS or (provider.kind in OPENID and switched_on)
    return able and provider.config.get("issuer") == issuer


def _check_signature(provider: IdentityProvider, token: SignedToken) -> None:
    wanted = provider.config.get("jwtAuthorizationGrantAssertionSignatureAlg")
    if token.algorithm not in ([wanted] if wanted else SIGNATURES):
        raise refusal("Invalid signature algorithm")
    if not is_signed_by(token, provider):
        raise refusal("Invalid signature")


def _user(grant: GrantRequest, provider: IdentityProvider, claims: Json) -> User:
    user = grant.server.links.user(provider.alias, str(claims["sub"]))
    if user is None:
        raise refusal("User not found")
    if not user.enabled:
        raise refusal("User is not enabled")
    if user.required_actions:
        raise refusal("Account is not fully set up")
    return user


def _issue(grant: GrantRequest, user: User) -> Issue:
    scope = grant.form.first("scope")
    check_scope(grant.server.realm, grant.client, scope)
    issue = Issue(
        server=grant.server,
        client=grant.client,
        user=user,
        session=grant.server.sessions.start(user, transient=True),
        scope=scope,
        grant=SHORTCUT,
        session_kind="tr",
        thumbprint=grant.thumbprint,
    )
    if lacks_consent(issue):
        said = f"Missing consents for the client {grant.client.client_id}"
        raise OAuthError("invalid_scope", said)
    return issue


def _limited(provider: IdentityProvider, assertion: Json, issued: Json) -> Json:
    if not provider.on("jwtAuthorizationGrantLimitAccessTokenExp"):
        return issued
    return issued | {"exp": min(issued["exp"], assertion["exp"])}


def _record(
    grant: GrantRequest, progress: Progress, refusal: OAuthError | None
) -> None:
    provider, user, claims = progress.provider, progress.user, progress.claims
    grant.server.ledger.add_jwt_grant(
        JwtGrantRecord(
            realm=grant.server.realm.name,
            client=grant.client.client_id,
            scope=grant.form.first("scope"),
            identity_provider=provider.alias if provider else None,
            identity_provider_issuer=claims.get("iss"),
            identity_provider_user_id=claims.get("sub"),
            username=user.username if user else None,
            outcome="refused" if refusal else "granted",
            error=refusal.error if refusal else None,
            description=refusal.description if refusal else None,
            token_id=progress.issued.get("jti"),
        )
    )
