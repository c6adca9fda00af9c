"""What Keycloak's refusals of an impersonation, and of its end, mean.

The legacy exchange answers in the standard one's words and means other things by
them; these rows are tried before those of `standard_refusals`. Wording of 26.2 to 26.7.
"""

from __future__ import annotations

from kc_exchange.exceptions import ExchangeDenied, ExchangeMisconfigured
from kc_exchange.exchange.rows import Row

_SWITCHED_OFF = (
    "Start Keycloak with --features=token-exchange, or set AT_KEYCLOAK in "
    'KC_EXCHANGE["IMPERSONATION"] to "never".'
)

ROWS: tuple[Row, ...] = (
    Row(
        "invalid_request",
        "Parameter 'requested_subject' is not supported",
        ExchangeMisconfigured,
        "Keycloak runs without its legacy token exchange, the only one that can "
        "impersonate.",
        _SWITCHED_OFF,
        diagnosis="legacy_off",
    ),
    Row(
        "unsupported_grant_type",
        "",
        ExchangeMisconfigured,
        "Keycloak runs without any token exchange.",
        _SWITCHED_OFF,
        diagnosis="exchange_off",
    ),
    Row(
        "access_denied",
        "Client not allowed to exchange",
        ExchangeDenied,
        "Keycloak does not let this operator impersonate this user: the operator has "
        "no role realm-management/impersonation, or the user is unknown to the realm, "
        "disabled or an administrator of it.",
        "At Keycloak, give the operator the client role impersonation of "
        "realm-management (the client that logs the operator in needs full scope, or "
        "that role in its scope), and look at the user: enabled, and without roles of "
        "realm-management that the operator has not.",
        diagnosis="impersonation_refused",
    ),
    Row(
        "access_denied",
        "Client is not within the token audience",
        ExchangeMisconfigured,
        "The operator's token is not meant for {client}, so {client} may not exchange "
        "it.",
        "Give the client that logs the operator in a client scope with an audience "
        "mapper for {client}.",
        diagnosis="requester_not_in_audience",
    ),
    Row(
        "access_denied",
        "Client is not the holder",
        ExchangeMisconfigured,
        "The client {client} is public, and the operator's token is another client's.",
        "Clients > {client} > Capability config > Client authentication: switch it on.",
        diagnosis="requester_not_holder",
    ),
    Row(
        "invalid_client",
        "Client requires user consent",
        ExchangeMisconfigured,
        "Client {client} asks its users for consent, and such a client may not "
        "impersonate.",
        "Clients > {client} > Consent required: switch it off, or name a dedicated "
        'client in REALM of KC_EXCHANGE["IMPERSONATION"].',
        diagnosis="impersonator_asks_consent",
    ),
    Row(
        "unknown_error",
        "",
        ExchangeMisconfigured,
        "Keycloak failed on the impersonation.",
        "Read Keycloak's log for the cause; Keycloak 26.6 and older also fail where "
        "fine-grained admin permissions (admin-fine-grained-authz) are asked.",
        diagnosis="server_failed",
    ),
)

REVOCATION_ROWS: tuple[Row, ...] = (
    Row(
        "invalid_request",
        "Unmatching clients",
        ExchangeMisconfigured,
        "The token was issued to another client than {client}, which alone can revoke "
        "it.",
        'Leave REALM of KC_EXCHANGE["IMPERSONATION"] and its CLIENT_ID as they were '
        "until the grants that began with them have ended.",
        diagnosis="token_of_other_client",
    ),
    Row(
        "unsupported_token_type",
        "",
        ExchangeMisconfigured,
        "Keycloak does not revoke tokens of this type.",
        "Revoke the access token that the impersonation issued.",
        diagnosis="token_type_not_revocable",
    ),
)
