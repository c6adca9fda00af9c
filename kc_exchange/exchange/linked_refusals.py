"""What Keycloak's refusals of a linked provider's token (`requested_issuer`) mean.

Tried before those of `standard_refusals`. Wording of 26.2 to 26.7.
"""

from __future__ import annotations

from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    NotLinked,
)
from kc_exchange.exchange.broker_refusals import LEGACY, PERMISSION
from kc_exchange.exchange.rows import Row

LINKED_ROWS: tuple[Row, ...] = (
    Row(
        "invalid_request",
        "Parameter 'requested_issuer' is not supported",
        ExchangeMisconfigured,
        "Keycloak runs without its legacy token exchange, the only one that gives out "
        "a linked provider's token.",
        f"{LEGACY}.",
        diagnosis="legacy_off",
    ),
    Row(
        "unsupported_grant_type",
        "",
        ExchangeMisconfigured,
        "Keycloak runs without any token exchange.",
        f"{LEGACY}.",
        diagnosis="exchange_off",
    ),
    Row(
        "invalid_request",
        "Invalid issuer",
        ExchangeMisconfigured,
        "The realm {realm} knows no identity provider {provider}.",
        "Compare REQUESTED_ISSUER with the aliases under Identity providers.",
        diagnosis="provider_unknown",
    ),
    Row(
        "invalid_request",
        "Issuer does not support token exchange",
        ExchangeMisconfigured,
        "The identity provider {provider} gives out no tokens, such as one of SAML.",
        "Name another one in REQUESTED_ISSUER.",
        diagnosis="provider_gives_no_tokens",
    ),
    Row(
        "access_denied",
        "Client not allowed to exchange",
        ExchangeMisconfigured,
        "Client {client} has no permission to exchange for tokens of the identity "
        "provider {provider}.",
        PERMISSION,
        diagnosis="provider_permission_missing",
    ),
    Row(
        "not_linked",
        "",
        NotLinked,
        "The user's account is not linked to {provider}, or Keycloak keeps no token of "
        "it.",
        "Let the user link it (`account_link_url`). Identity providers > {provider} > "
        "Store tokens has to be on when they do.",
        diagnosis="not_linked",
    ),
    Row(
        "token_expired",
        "",
        NotLinked,
        "The token that Keycloak keeps of the user's account at {provider} has "
        "expired.",
        "Let the user log in through {provider} again (`account_link_url`).",
        diagnosis="linked_token_over",
    ),
    Row(
        "invalid_target",
        "",
        ExchangeMisconfigured,
        "The identity provider {provider} gives out no token of this type.",
        "Name another one in REQUESTED_ISSUER.",
        diagnosis="linked_type_refused",
    ),
)
