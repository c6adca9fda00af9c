"""What Keycloak's refusals mean, who must act, and how: those of every grant.

Keycloak says `invalid_request` for most of them, so the description decides. Rows are
tried from the top; the wording is that of 26.2 to 26.7, and of RFC 8693 and older
servers where they differ.
"""

from __future__ import annotations

from kc_exchange.exceptions import (
    AudienceNotAvailable,
    ClientAuthFailed,
    ConsentRequired,
    ExchangeDenied,
    ExchangeMisconfigured,
    SubjectTokenExpired,
    SubjectTokenRejected,
)
from kc_exchange.exchange.rows import Row
from kc_exchange.exchange.server_refusals import FEATURE, POLICIES

_SWITCH = (
    "Clients > {client} > Capability config > Standard Token Exchange: switch it on."
)
_AUDIENCE_TYPO = (
    "Compare AUDIENCE (or the downstream's name) with the client ids of the realm; "
    "it is a client id, not a URL, and one only."
)
_ID_TOKEN = (
    "The captured token is not an access token.",
    "Let CAPTURE return the access token of the login, not its ID token.",
)

ROWS: tuple[Row, ...] = (
    Row(
        "invalid_request",
        "Invalid token type",
        ExchangeMisconfigured,
        *_ID_TOKEN,
        diagnosis="subject_not_access_token",
    ),
    Row(
        "invalid_request",
        "Invalid token",
        SubjectTokenRejected,
        diagnosis="subject_rejected",
    ),
    Row("invalid_token", "", SubjectTokenRejected, diagnosis="subject_rejected"),
    Row(
        "invalid_request",
        "Requested audience not available",
        AudienceNotAvailable,
        "Keycloak does not put the audience {audience} into a token for this user.",
        "Give client {client} a client scope with an audience mapper for {audience}, "
        "name that scope in SCOPES, and give the user the role the scope asks for.",
        diagnosis="audience_not_available",
    ),
    Row(
        "invalid_client",
        "Audience not found",
        ExchangeMisconfigured,
        "The realm has no client {audience}.",
        _AUDIENCE_TYPO,
        diagnosis="audience_unknown",
    ),
    Row(
        "invalid_client",
        "Client disabled",
        ExchangeMisconfigured,
        "The client {audience} is disabled.",
        "Enable it at Keycloak: Clients > {audience} > Enabled.",
        diagnosis="audience_disabled",
    ),
    Row(
        "invalid_client",
        "Client requires user consent",
        ExchangeMisconfigured,
        "The legacy exchange answered, and it issues no token for {audience}, which "
        "asks its users for consent.",
        f"{_SWITCH} Then the standard exchange answers.",
        diagnosis="audience_asks_consent",
    ),
    Row(
        "invalid_client",
        "Public client is not allowed",
        ExchangeMisconfigured,
        "The requester {client} is a public client.",
        "Clients > {client} > Capability config > Client authentication: switch it on.",
        diagnosis="requester_public",
    ),
    Row(
        "access_denied",
        "Client is not within the token audience",
        ExchangeMisconfigured,
        "The user's token is not meant for {client}, so {client} may not exchange it.",
        "Give the client that logs the user in a client scope with an audience mapper "
        "for {client}.",
        diagnosis="requester_not_in_audience",
    ),
    Row(
        "access_denied",
        "Client is not the holder",
        ExchangeMisconfigured,
        "The user's token was issued to another client than {client}.",
        "Let {client} be a confidential client within the token's audience.",
        diagnosis="requester_not_holder",
    ),
    Row(
        "invalid_request",
        "Standard token exchange is not enabled",
        ExchangeMisconfigured,
        "Standard token exchange is off for client {client}.",
        _SWITCH,
        diagnosis="switch_off",
    ),
    Row(
        "invalid_request",
        "Parameter 'subject_token' supports access tokens only",
        ExchangeMisconfigured,
        *_ID_TOKEN,
        diagnosis="subject_not_access_token",
    ),
    Row(
        "invalid_request",
        "Parameter '",
        ExchangeMisconfigured,
        "Keycloak's standard exchange does not take a parameter that was sent.",
        FEATURE,
        diagnosis="parameter_refused",
    ),
    Row(
        "invalid_request",
        "requested_token_type unsupported",
        ExchangeMisconfigured,
        "Keycloak does not issue the type of token that was asked for.",
        FEATURE,
        diagnosis="type_unsupported",
    ),
    Row(
        "invalid_scope",
        "Missing consents",
        ConsentRequired,
        diagnosis="consent_missing",
    ),
    Row(
        "invalid_scope",
        "Scopes [",
        ExchangeDenied,
        "A client policy allows no scope beyond those of the user's own token.",
        "Let the login ask for the scope too, or take it out of SCOPES.",
        diagnosis="scope_not_in_subject",
    ),
    Row(
        "invalid_scope",
        "",
        ExchangeMisconfigured,
        "Client {client} may not ask for one of the SCOPES.",
        "Clients > {client} > Client scopes: add the scope as optional, or take it out "
        "of SCOPES.",
        diagnosis="scope_unknown",
    ),
    Row(
        "invalid_target",
        "",
        ExchangeMisconfigured,
        "The server issues no token for {audience}.",
        _AUDIENCE_TYPO,
        diagnosis="target_refused",
    ),
    Row(
        "invalid_grant",
        "",
        SubjectTokenExpired,
        "The login is over: Keycloak accepts its token no longer.",
        "Log in again.",
        diagnosis="login_over",
    ),
    Row("invalid_client", "", ClientAuthFailed, diagnosis="client_unknown"),
    Row(
        "unauthorized_client",
        "Invalid client or Invalid client credentials",
        ClientAuthFailed,
        "Keycloak does not accept the credential of client {client}.",
        diagnosis="secret_wrong",
    ),
    Row(
        "unauthorized_client",
        "",
        ClientAuthFailed,
        "Client {client} may not use this grant, or its credential is wrong.",
        "Clients > {client} > Capability config: switch on the grant (Standard Token "
        "Exchange, Service account roles); then compare the credential.",
        diagnosis="grant_not_allowed",
    ),
    Row(
        "access_denied",
        "Client not allowed to exchange",
        ExchangeDenied,
        "The legacy exchange answered, and its permissions refuse.",
        f"{_SWITCH} Then the standard exchange answers.",
        diagnosis="legacy_refuses",
    ),
    Row("access_denied", "", ExchangeDenied, diagnosis="denied"),
    Row("not_allowed", "", ExchangeDenied, diagnosis="denied"),
    Row("consent_required", "", ConsentRequired, diagnosis="consent_missing"),
    Row("interaction_required", "", ConsentRequired, diagnosis="consent_missing"),
    Row(
        "invalid_request",
        "",
        ExchangeMisconfigured,
        "Keycloak does not take the request as it was sent.",
        f"Compare the requester's settings at Keycloak with KC_EXCHANGE. {POLICIES}",
        diagnosis="request_refused",
    ),
)
