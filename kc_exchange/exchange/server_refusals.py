"""What a realm, or the whole server, refuses whoever asks, and what that means.

Tried before `standard_refusals`. Wording of 26.2 to 26.7.
"""

from __future__ import annotations

from kc_exchange.exceptions import (
    ExchangeDenied,
    ExchangeMisconfigured,
    ExchangeUnavailable,
)
from kc_exchange.exchange.rows import Row

FEATURE = (
    "Start Keycloak 26.2 or later with its default features (token-exchange-standard)."
)
POLICIES = (
    "Realm settings > Client policies: look at the policies that apply to {client}."
)

SERVER_ROWS: tuple[Row, ...] = (
    Row(
        "invalid_request",
        "HTTPS required",
        ExchangeMisconfigured,
        "The realm asks for https.",
        "Write ISSUER with https, or let the proxy say so (--proxy-headers).",
        diagnosis="https_required",
    ),
    Row(
        "unsupported_grant_type",
        "",
        ExchangeMisconfigured,
        "This server offers no token exchange.",
        FEATURE,
        diagnosis="exchange_off",
    ),
    Row(
        "access_denied",
        "Realm not enabled",
        ExchangeMisconfigured,
        "The realm is disabled.",
        "Enable it at Keycloak: Realm settings > Enabled.",
        diagnosis="realm_disabled",
    ),
    Row(
        "unknown_error",
        "",
        ExchangeUnavailable,
        "Keycloak failed on the request, as it does where its database is away, or the "
        "legacy exchange is enabled without its permissions.",
        "Read Keycloak's log. Leave the feature `token-exchange` off, or switch on "
        "admin-fine-grained-authz:v1 with it.",
        diagnosis="server_failed",
    ),
    *(
        Row(
            "invalid_request",
            starts,
            ExchangeDenied,
            "A client policy of the realm refuses the exchange.",
            POLICIES,
            diagnosis="policy_refuses",
        )
        for starts in ("Request not allowed", "Required claim ", "Value ")
    ),
    Row(
        "invalid_request",
        "The size of OIDC parameter",
        ExchangeMisconfigured,
        "The user's token is longer than Keycloak reads.",
        "Leave groups and roles out of the login's token by fewer client scopes.",
        diagnosis="token_too_long",
    ),
)
