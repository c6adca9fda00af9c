"""What Keycloak's refusals of a JWT authorization grant (RFC 7523) mean.

It says `invalid_grant` for nearly all of them. Tried before those of
`standard_refusals`. Wording of 26.6 and 26.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.exceptions import (
    ConsentRequired,
    ExchangeDenied,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    NotLinked,
)
from kc_exchange.exchange.rows import Row

if TYPE_CHECKING:
    from kc_exchange.exceptions import ExchangeError

_PROVIDER = (
    "In realm {realm}: Identity providers > the one whose Issuer is the user's realm"
)
_CLOCKS = (
    "Compare the clocks of the two Keycloaks; "
    f"{_PROVIDER} > JWT Authorization Grant > Allowed clock skew."
)


def _row(
    starts: str,
    cause: str,
    fix: str,
    kind: type[ExchangeError] = ExchangeMisconfigured,
    *,
    diagnosis: str,
) -> Row:
    return Row("invalid_grant", starts, kind, cause, fix, diagnosis)


JWT_GRANT_ROWS: tuple[Row, ...] = (
    Row(
        "unsupported_grant_type",
        "",
        ExchangeMisconfigured,
        "This Keycloak knows no JWT authorization grant.",
        "Use Keycloak 26.6 or later with its default features.",
        diagnosis="jwt_grant_unknown",
    ),
    Row(
        "invalid_scope",
        "Missing consents",
        ConsentRequired,
        "The user has not given the consent that client {client} asks for.",
        "Clients > {client} > Consent required: switch it off.",
        diagnosis="consent_missing",
    ),
    _row(
        "JWT Authorization Grant is not supported",
        "The JWT authorization grant is off for client {client}.",
        "Clients > {client} > Capability config > JWT Authorization Grant: switch it "
        "on, and name the identity provider of the user's realm.",
        diagnosis="jwt_grant_off",
    ),
    _row(
        "Public client",
        "The requester {client} is a public client.",
        "Clients > {client} > Capability config > Client authentication: switch it on.",
        diagnosis="requester_public",
    ),
    _row(
        "No Identity Provider",
        "The realm {realm} has no identity provider for the issuer of the user's "
        "token, or none that is enabled and takes assertions.",
        f"{_PROVIDER} > JWT Authorization Grant: switch it on; there has to be one.",
        diagnosis="jwt_grant_no_provider",
    ),
    _row(
        "Identity Provider is not enabled",
        "The identity provider of the user's realm is disabled.",
        f"{_PROVIDER} > Enabled.",
        diagnosis="provider_disabled",
    ),
    _row(
        "Identity Provider is not allowed",
        "Client {client} may not use assertions of the user's realm.",
        "Clients > {client} > Capability config > JWT Authorization Grant: name the "
        "identity provider of the user's realm.",
        diagnosis="jwt_grant_provider_not_allowed",
    ),
    _row(
        "Identity Provider is not configured",
        "The identity provider of the user's realm takes no assertions.",
        f"{_PROVIDER} > JWT Authorization Grant: switch it on.",
        diagnosis="jwt_grant_provider_off",
    ),
    _row(
        "JWT Authorization Granted is not enabled",
        "The identity provider of the user's realm takes no assertions.",
        f"{_PROVIDER} > JWT Authorization Grant: switch it on.",
        diagnosis="jwt_grant_provider_off",
    ),
    _row(
        "Invalid signature",
        "The identity provider of the user's realm does not know the key, or the "
        "algorithm, of the assertion.",
        f"{_PROVIDER} > JWKS URL: that of the realm's discovery document.",
        diagnosis="assertion_signature",
    ),
    _row(
        "Invalid token audience",
        "The assertion is not meant for this realm as Keycloak knows itself.",
        "Write ISSUER of realm {realm} as its discovery document has it. With "
        "'Allow client ID as audience' or an audience of the client's own, Keycloak "
        "expects those instead: switch that off.",
        diagnosis="assertion_audience",
    ),
    _row(
        "Multiple audiences",
        "The assertion is meant for others, too.",
        "Let no mapper of the user's client add audiences after the exchange.",
        diagnosis="assertion_audience_wide",
    ),
    _row(
        "Token was issued in the future",
        "The clocks differ.",
        _CLOCKS,
        diagnosis="assertion_clock",
    ),
    _row(
        "Token is not active",
        "The assertion is over: the clocks differ.",
        _CLOCKS,
        diagnosis="assertion_clock",
    ),
    _row(
        "Token was issued too far in the past",
        "The assertion is too old for the identity provider: the clocks differ.",
        _CLOCKS,
        diagnosis="assertion_clock",
    ),
    _row(
        "Token expiration is too far",
        "The assertion lives longer than the identity provider allows.",
        f"{_PROVIDER} > JWT Authorization Grant > Max allowed assertion expiration.",
        diagnosis="assertion_too_long",
    ),
    _row(
        "Token reuse detected",
        "Keycloak has seen this assertion before.",
        "Try again.",
        ExchangeUnavailable,
        diagnosis="assertion_reused",
    ),
    _row(
        "User not found",
        "The realm {realm} links nobody to this user of the other realm.",
        "Let the user log in once through the identity provider, or link them in the "
        "admin console: Users > Identity provider links. The grant makes no users.",
        NotLinked,
        diagnosis="user_not_linked",
    ),
    _row(
        "User is not enabled",
        "The user is disabled in the realm {realm}.",
        "Enable the user there.",
        ExchangeDenied,
        diagnosis="user_disabled_there",
    ),
    _row(
        "Account is not fully set up",
        "The user has to do something first in the realm {realm}, such as to set a "
        "password.",
        "Users > Required user actions: remove them, or let the user log in there.",
        ExchangeDenied,
        diagnosis="user_has_actions",
    ),
    _row(
        "",
        "Keycloak does not accept the assertion.",
        "Read Keycloak's log, and its event JWT_AUTHORIZATION_GRANT_ERROR.",
        ExchangeDenied,
        diagnosis="assertion_refused",
    ),
)
