"""Turn an identity provider's token into one of Keycloak's, for an app or a login."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kc_exchange import conf, exchange
from kc_exchange.sources.report import reported
from kc_exchange.tokens import TYPE, Secret, SubjectToken, TokenSet

if TYPE_CHECKING:
    from collections.abc import Iterable


def exchange_external(
    token: str,
    token_type: str,
    subject_issuer: str,
    *,
    scopes: Iterable[str] = ("openid",),
) -> TokenSet:
    """Exchange the token of an identity provider for tokens of Keycloak's.

    For a backend whose mobile app logs people in at Google, GitHub or the like. The
    first time, Keycloak makes the user; every call begins a session there. Validate the
    access token (`jwt_validation.validate`) before you believe what it says, or give
    the result to `capture.keep` in a login. Where REALM_OF_REQUEST tells tenants apart,
    compare the provider's realm with `capture.realm_of(request)` before.

    Args:
        token: as the app got it from the provider.
        token_type: `access_token`, `id_token` or `jwt`, or their URIs of RFC 8693
            section 3; none but the provider's `TOKEN_TYPE` passes.
        subject_issuer: the provider's alias, a key of `KC_EXCHANGE["PROVIDERS"]`.
        scopes: what is asked for at Keycloak; with `openid` an ID token comes along.

    Raises:
        UnknownProvider: no such provider is configured.
        InvalidToken: the token was given to another app, is over or of another type.
        SubjectTokenRejected: Keycloak, or the provider, does not accept it.
        ExchangeDenied: the user may not come in this way.
        ExchangeMisconfigured: a setting here or at Keycloak is wrong.
        ExchangeUnavailable: Keycloak did not answer in time.
    """
    token = Secret(token)
    provider = conf.current().provider(subject_issuer)
    realm = conf.current().realm(provider.realm)
    subject = SubjectToken(
        value=token,
        realm=realm.alias,
        provider=provider.alias,
        token_type=TYPE + token_type.removeprefix(TYPE),
    )
    exchange.admit(subject, provider)
    ask = partial(
        exchange.broker, subject, provider.alias, realm, scopes=frozenset(scopes)
    )
    told = conf.Downstream(
        name=provider.alias,
        base_url="",
        audience=realm.client_id,
        realm=realm.alias,
        strategy="external",
    )
    issued = reported(told, realm, ask, "miss")
    return TokenSet(
        access_token=issued.token.value,
        id_token=issued.id_token,
        expires_at=issued.token.expires_at,
        realm=realm.alias,
    )
