"""Take back a token, and end the session that it came with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange import discovery, transport
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    ExchangeUnavailable,
    UnexpectedReply,
)
from kc_exchange.exchange.answers import refused
from kc_exchange.exchange.impersonation_refusals import REVOCATION_ROWS
from kc_exchange.exchange.rows import Asked
from kc_exchange.exchange.token_endpoint import post
from kc_exchange.strict_json import loads_object
from kc_exchange.tokens import Secret

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.tokens import SubjectToken

_OK = 200
_FAILED = 500
_TOO_MANY = 429


def revoke(token: SubjectToken, realm: Realm, *, hint: str = "access_token") -> None:
    """Revoke an access token of `realm`'s client, or a refresh token (RFC 7009 2).

    From then on Keycloak exchanges it no more. A token that is over already is
    revoked, too. What was exchanged for it before lives on, and so does its session,
    until `end_session`; a refresh token (`hint="refresh_token"`) takes the client out
    of its session. Within `realm.deadline` seconds, a second attempt included.

    Raises:
        ClientAuthFailed: Keycloak does not accept the client's credential.
        ExchangeMisconfigured: there is no revocation endpoint, or the token is
            another client's.
        UnexpectedReply: what answers is not Keycloak.
        ExchangeUnavailable: Keycloak did not answer in time; revoke again later.
    """
    deadline = transport.Deadline(realm.deadline)
    url = discovery.endpoints(realm, deadline).revocation
    if not url:
        raise _missing("revocation_endpoint", realm)
    form = [("token", token.value), ("token_type_hint", hint)]
    reply = post(realm, url, form, deadline, may_repeat=True)
    if reply.status != _OK:
        raise refused(reply, realm, Asked(rows=REVOCATION_ROWS))
    if reply.body and not _says_invalid_token(reply.body):
        raise UnexpectedReply(
            "The revocation endpoint's answer is not Keycloak's.",
            status=reply.status,
            realm=realm.alias,
            diagnosis="not_keycloak",
        )


def _says_invalid_token(body: bytes) -> bool:
    """Keycloak says so of a token whose session is over, with 200 (RFC 7009 2.2)."""
    try:
        return loads_object(body).get("error") == "invalid_token"
    except ValueError:
        return False


def end_session(id_token: str, realm: Realm) -> None:
    """End the session that an ID token of `realm`'s client belongs to.

    OpenID Connect RP-Initiated Logout 1.0 section 2, by a POST from here instead of
    the user's browser; the hint may have expired. Every token of the session is over
    for whoever asks Keycloak about it. A session that is over already is ended, too.

    Raises:
        ExchangeMisconfigured: there is no end-session endpoint, or Keycloak refuses
            the hint.
        ExchangeUnavailable: Keycloak did not answer in time; try again later.
    """
    id_token = Secret(id_token)
    deadline = transport.Deadline(realm.deadline)
    url = discovery.endpoints(realm, deadline).end_session
    if not url:
        raise _missing("end_session_endpoint", realm)
    form = [("id_token_hint", id_token), ("client_id", realm.client_id)]
    reply = transport.request(realm, url, deadline, form=form)
    if reply.status >= _FAILED or reply.status == _TOO_MANY:
        raise ExchangeUnavailable(
            f"Keycloak answered with {reply.status}.",
            status=reply.status,
            realm=realm.alias,
            diagnosis="server_error",
        )
    if reply.status != _OK:
        raise ExchangeMisconfigured(
            f"Keycloak does not end the session of this ID token ({reply.status}).",
            "Leave CLIENT_ID of the realm as it was until the sessions that began "
            "with it have ended.",
            status=reply.status,
            realm=realm.alias,
            diagnosis="session_not_ended",
        )


def _missing(name: str, realm: Realm) -> ExchangeMisconfigured:
    return ExchangeMisconfigured(
        f"The discovery document of realm {realm.alias!r} names no usable {name}.",
        "Let ISSUER, or DISCOVERY_URL, lead to Keycloak itself: its document has it.",
        realm=realm.alias,
        diagnosis="endpoint_unusable",
    )
