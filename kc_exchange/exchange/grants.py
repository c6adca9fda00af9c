"""The grants of the token path, as forms in the order of their RFCs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange import dpop
from kc_exchange.exchange import reply
from kc_exchange.exchange.limits import refuse_long_form, refuse_long_token
from kc_exchange.exchange.token_endpoint import ask
from kc_exchange.tokens import ACCESS_TOKEN, Secret, unverified_claims

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.dpop import ProofKey
    from kc_exchange.exchange.posts import Form
    from kc_exchange.tokens import AccessToken, SubjectToken, TokenSet

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105


def exchange(
    subject: SubjectToken,
    downstream: Downstream,
    realm: Realm,
    *,
    actor: AccessToken | None = None,
) -> AccessToken:
    """Exchange the user's token for one that is for `downstream` alone.

    Keycloak's standard token exchange (RFC 8693 section 2; Keycloak's guide "Using
    token exchange"). One call, within `realm.deadline` seconds, its retry included.
    With an `actor` the issued token has to name it in `act`: a Keycloak that ignores
    actor tokens, as all do up to 26.7, is an error and not half a success. With DPOP
    the token has to be bound to the realm's key (RFC 9449 section 5).

    Raises:
        SubjectTokenRejected: Keycloak does not accept `subject`.
        ExchangeDenied: this user may not have a token for `downstream`.
        ExchangeMisconfigured: a setting here or at Keycloak is wrong; the reply
            is not what was asked for.
        ExchangeUnavailable: Keycloak did not answer in time.
    """
    form = exchange_form(subject, downstream, actor)
    key = proof_key(downstream, realm)
    members = ask(realm, form, audience=downstream.audience, key=key)
    acting = "" if actor is None else str(unverified_claims(actor.value).get("sub"))
    return reply.exchanged(members, subject, downstream, realm, actor=acting, key=key)


def exchange_form(
    subject: SubjectToken, downstream: Downstream, actor: AccessToken | None = None
) -> Form:
    """Return the form of RFC 8693 section 2.1 for one exchange.

    Raises:
        ExchangeMisconfigured: a parameter, or the token, is longer than Keycloak reads.
    """
    form = [
        ("grant_type", TOKEN_EXCHANGE),
        ("audience", downstream.audience),
        *scope_parameter(downstream.scopes),
        ("requested_token_type", ACCESS_TOKEN),
    ]
    _refuse_long(form, downstream)
    refuse_long_token(subject.value, "user", audience=downstream.audience)
    return [
        *form,
        ("subject_token", subject.value),
        ("subject_token_type", subject.token_type),
        *_acting(actor),
    ]


def _acting(actor: AccessToken | None) -> Form:
    if actor is None:
        return []
    return [("actor_token", actor.value), ("actor_token_type", ACCESS_TOKEN)]


def service_account(realm: Realm) -> AccessToken:
    """Obtain a token of the requester's own service account, for itself: the actor.

    RFC 6749 section 4.4. Raises what `client_credentials` raises.
    """
    members = ask(realm, [("grant_type", "client_credentials")])
    return reply.service_account(members, realm)


def client_credentials(downstream: Downstream, realm: Realm) -> AccessToken:
    """Obtain a token of the requester's own service account for `downstream`.

    RFC 6749 section 4.4. Raises what `exchange` raises, but for what concerns users.
    """
    form = [("grant_type", "client_credentials"), *scope_parameter(downstream.scopes)]
    _refuse_long(form, downstream)
    key = proof_key(downstream, realm)
    members = ask(realm, form, audience=downstream.audience, key=key)
    return reply.own(members, downstream, realm, key)


def redeem(
    realm: Realm, code: str, redirect_uri: str, code_verifier: str = ""
) -> TokenSet:
    """Redeem the authorization code of a login (RFC 6749 section 4.1.3, RFC 7636).

    Raises what `refresh` raises.
    """
    code, code_verifier = Secret(code), Secret(code_verifier)
    form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
    ]
    if code_verifier:
        form.append(("code_verifier", code_verifier))
    return reply.token_set(ask(realm, form, may_repeat=False), realm)


def refresh(
    realm: Realm, refresh_token: str, *, rejected: SubjectToken | None = None
) -> TokenSet:
    """Refresh the tokens of a login (RFC 6749 section 6).

    `rejected` is the token that is over: the new one must be the same user's (OpenID
    Connect Core 1.0 section 12.2).

    Raises:
        SubjectTokenExpired: the refresh token is over; the user logs in again.
        ExchangeMisconfigured: a setting here or at Keycloak is wrong.
        ExchangeUnavailable: Keycloak did not answer in time.
    """
    refresh_token = Secret(refresh_token)
    form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)]
    return reply.token_set(ask(realm, form, may_repeat=False), realm, rejected)


def proof_key(downstream: Downstream, realm: Realm) -> ProofKey | None:
    """Return the key that a token for `downstream` is bound to, None for a bearer's.

    Raises:
        ExchangeMisconfigured: `realm` has none.
    """
    return dpop.key_of_realm(realm) if downstream.dpop else None


def scope_parameter(scopes: frozenset[str]) -> Form:
    """Return the parameter, or none: Keycloak refuses an empty `scope`."""
    return [("scope", " ".join(sorted(scopes)))] if scopes else []


def _refuse_long(form: Form, downstream: Downstream) -> None:
    refuse_long_form(
        form,
        repr(downstream.name),
        "Name fewer SCOPES.",
        audience=downstream.audience,
    )
