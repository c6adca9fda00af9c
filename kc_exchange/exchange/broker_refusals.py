"""What Keycloak's refusals of an external exchange (`subject_issuer`) mean.

Tried before those of `standard_refusals`. Wording of 26.2 to 26.7.
"""

from __future__ import annotations

from kc_exchange.exceptions import (
    ExchangeDenied,
    ExchangeMisconfigured,
    SubjectTokenRejected,
)
from kc_exchange.exchange.rows import Row

LEGACY = "Start Keycloak with --features=token-exchange,admin-fine-grained-authz:v1"
SUCCESSOR = "or use STRATEGY 'jwt-grant', which needs no feature since Keycloak 26.6."
PERMISSION = (
    "Identity providers > {provider} > Permissions: switch them on, and give "
    "token-exchange a client policy that names {client} (`manage.py kc_exchange "
    "provision` does)."
)

BROKER_ROWS: tuple[Row, ...] = (
    Row(
        "invalid_request",
        "Parameter 'subject_issuer' is not supported",
        ExchangeMisconfigured,
        "Keycloak runs without its legacy token exchange, the only one that takes a "
        "token of another issuer.",
        f"{LEGACY}, {SUCCESSOR}",
        diagnosis="legacy_off",
    ),
    Row(
        "unsupported_grant_type",
        "",
        ExchangeMisconfigured,
        "Keycloak runs without any token exchange.",
        f"{LEGACY}, {SUCCESSOR}",
        diagnosis="exchange_off",
    ),
    Row(
        "invalid_issuer",
        "",
        ExchangeMisconfigured,
        "The realm {realm} knows no identity provider {provider}.",
        "Compare SUBJECT_ISSUER with the aliases under Identity providers; it is an "
        "alias, not a URL.",
        diagnosis="provider_unknown",
    ),
    Row(
        "access_denied",
        "Client not allowed to exchange",
        ExchangeMisconfigured,
        "Client {client} has no permission to exchange tokens of the identity provider "
        "{provider}.",
        f"{PERMISSION} Without admin-fine-grained-authz:v1 there is no such "
        f"permission: {LEGACY}.",
        diagnosis="provider_permission_missing",
    ),
    Row(
        "invalid_token",
        "invalid token type",
        ExchangeMisconfigured,
        "The identity provider {provider} does not take tokens of this type.",
        "Of github and google Keycloak takes access tokens alone; of OpenID Connect "
        "providers ID tokens, too.",
        diagnosis="external_type_refused",
    ),
    Row(
        "invalid_token",
        "token type not supported",
        ExchangeMisconfigured,
        "The token does not say of what type it is (`typ`), as most providers' do not.",
        "Identity providers > {provider} > Advanced settings > Disable type claim "
        "check: switch it on.",
        diagnosis="external_typ_missing",
    ),
    Row(
        "invalid_token",
        "User already exists",
        ExchangeDenied,
        "The realm {realm} has a user of this name or e-mail address already, who is "
        "not linked to the identity provider {provider}.",
        "Let the user log in once through {provider} in the browser and link the two, "
        "or link them in the admin console: Users > Identity provider links.",
        diagnosis="user_exists",
    ),
    Row(
        "invalid_token",
        "Invalid Token",
        ExchangeDenied,
        "The user is disabled, or locked after failed logins, in the realm {realm}.",
        "Look at the user in the admin console: Users > Enabled.",
        diagnosis="user_shut_out",
    ),
    Row(
        "invalid_token",
        "",
        SubjectTokenRejected,
        "Keycloak, or the identity provider {provider} that it asks, does not accept "
        "the user's token: it is expired or revoked, or has not the scope `openid` "
        "that the check by user info needs.",
        "Log in again. If that does not help: `manage.py kc_exchange doctor`.",
        diagnosis="external_rejected",
    ),
    Row(
        "invalid_config",
        "",
        ExchangeMisconfigured,
        "The identity provider {provider} cannot check signatures: it has no key.",
        "Identity providers > {provider} > Validate Signatures: give its JWKS URL.",
        diagnosis="provider_without_key",
    ),
    Row(
        "unknown_error",
        "",
        ExchangeMisconfigured,
        "Keycloak failed on the exchange, as it does where the identity provider "
        "{provider} is disabled.",
        "Identity providers > {provider} > Enabled. Else read Keycloak's log.",
        diagnosis="provider_failed",
    ),
)
