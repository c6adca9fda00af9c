"""Answer standard token exchange, version 2 (RFC 8693), check by check as Keycloak."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kc_exchange.testing.consents import lacks_consent
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.identity import Identity, audience_list, identify
from kc_exchange.testing.replies import token_reply
from kc_exchange.testing.scopes import check_scope, java_set_order, words
from kc_exchange.testing.token_types import ACCESS, ID, REFRESH, SAML2
from kc_exchange.testing.tokens import Issue, access_claims, sign_id

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.grants.attempt import Attempt
    from kc_exchange.testing.model import Client

Json = dict[str, Any]

SWITCH = "standard.token.exchange.enabled"
REFRESH_SWITCH = "standard.token.exchange.enableRefreshRequestedTokenType"
SHORTCUT = "te"


def standard_exchange(grant: GrantRequest, attempt: Attempt) -> Json:
    """Answer a request that the standard exchange takes (`refused_by` says so).

    Raises:
        OAuthError: the exchange is refused; error and text are Keycloak's.
    """
    identity = identify(grant.server, grant.form.first("subject_token") or "")
    if identity is None:
        raise OAuthError("invalid_request", "Invalid token")
    attempt.identity = identity
    _check_sender_constraint(grant, identity)
    wanted = _requested_type(grant)
    _check_parties(grant.client, identity, targets(grant))
    scope = grant.form.first("scope")
    check_scope(grant.server.realm, grant.client, scope)
    if wanted not in (ACCESS, REFRESH, ID):
        raise unsupported_type()
    issue = _issue(grant, identity, wanted)
    _check_session(issue, wanted)
    _check_consent(issue)
    return _reply(issue, attempt, identity, wanted)


def refused_by(grant: GrantRequest) -> str | None:
    """Return why the standard exchange does not take the request, or None."""
    form = grant.form
    for name in ("requested_subject", "requested_issuer", "subject_issuer"):
        if form.first(name) is not None:
            return f"Parameter '{name}' is not supported for standard token exchange"
    if not grant.client.on(SWITCH):
        return "Standard token exchange is not enabled for the requested client"
    for name in ("subject_token", "subject_token_type"):
        if form.first(name) is None:
            return f"Parameter '{name}' required for standard token exchange"
    if form.first("subject_token_type") != ACCESS:
        return "Parameter 'subject_token' supports access tokens only"
    return None


def _bad(description: str) -> OAuthError:
    return OAuthError("invalid_request", description)


def unsupported_type() -> OAuthError:
    """Return the refusal of a type that Keycloak does not issue."""
    return _bad("requested_token_type unsupported")


def _check_sender_constraint(grant: GrantRequest, identity: Identity) -> None:
    confirmation = identity.claims.get("cnf")
    if confirmation is None:
        return
    if identity.client_id != grant.client.client_id:
        raise _bad(
            "Sender-constrained token exchange rejected as the token was not issued "
            "for the requesting client"
        )
    if grant.thumbprint is None:
        raise _bad("DPoP proof is missing")
    if grant.thumbprint != confirmation.get("jkt"):
        raise _bad("DPoP confirmation doesn't match DPoP proof")


def _requested_type(grant: GrantRequest) -> str:
    wanted = grant.form.first("requested_token_type")
    if wanted is None:
        return ACCESS
    refreshes = grant.client.attributes.get(REFRESH_SWITCH) == "SAME_SESSION"
    known = (ACCESS, ID, SAML2)
    if wanted in known or (wanted == REFRESH and refreshes):
        return wanted
    raise unsupported_type()


def targets(grant: GrantRequest) -> list[Client]:
    """Return the clients named as audience, or the requester where none is.

    Raises:
        OAuthError: the realm has no such client.
    """
    clients = grant.server.realm.clients
    names = grant.form.every("audience")
    if any(name not in clients for name in names):
        raise OAuthError("invalid_client", "Audience not found")
    return [clients[name] for name in names] or [grant.client]


def _check_parties(client: Client, identity: Identity, targets: list[Client]) -> None:
    if client.public:
        raise OAuthError(
            "invalid_client", "Public client is not allowed to exchange token"
        )
    if not all(target.enabled for target in targets):
        raise OAuthError("invalid_client", "Client disabled")
    parties = [*identity.audience, identity.client_id]
    if client.client_id not in parties:
        raise OAuthError(
            "access_denied", "Client is not within the token audience", status=403
        )


def _issue(grant: GrantRequest, identity: Identity, wanted: str) -> Issue:
    session, client_id = identity.session, grant.client.client_id
    scope = grant.form.first("scope")
    joined = session.clients.get(client_id)
    noted = scope if scope is not None or joined is None else joined.scope
    return Issue(
        server=grant.server,
        client=grant.client,
        user=identity.user,
        session=session,
        scope=scope,
        noted_scope=noted,
        grant=SHORTCUT,
        session_kind=_session_kind(identity, wanted, joined=joined is not None),
        audience=grant.form.every("audience"),
        thumbprint=grant.thumbprint,
    )


def _session_kind(identity: Identity, wanted: str, *, joined: bool) -> str:
    if identity.session.transient:
        return "tr"
    return "on" if joined or wanted == REFRESH else "nt"


def _check_session(issue: Issue, wanted: str) -> None:
    if wanted != REFRESH:
        return
    if issue.session.transient or issue.session.offline:
        raise _bad(
            "Refresh token not valid as requested_token_type because creating a new "
            "session is needed"
        )
    if issue.offline:
        raise _bad("Scope offline_access not allowed for token exchange")


def _check_consent(issue: Issue) -> None:
    if lacks_consent(issue):
        raise OAuthError(
            "invalid_scope",
            f"Missing consents for Token Exchange in client {issue.client.client_id}",
        )


def _reply(issue: Issue, attempt: Attempt, identity: Identity, wanted: str) -> Json:
    claims = access_claims(issue)
    _check_audience(issue, claims)
    attempt.claims = claims
    _remember(issue, identity, wanted)
    if wanted == ID:
        issue = replace(issue, noted_scope=issue.noted_scope or "")
        reply = token_reply(issue, claims, refresh=False, identity=False)
        reply |= {"access_token": sign_id(issue, None), "token_type": "N_A"}
    else:
        openid = "openid" in words(issue.scope)
        refresh = wanted == REFRESH
        reply = token_reply(issue, claims, refresh=refresh, identity=openid)
    return reply | {"issued_token_type": wanted}


def _check_audience(issue: Issue, claims: Json) -> None:
    missing = set(issue.audience) - set(audience_list(claims))
    if missing:
        names = ", ".join(java_set_order(missing))
        raise _bad(f"Requested audience not available: {names}")


def _remember(issue: Issue, identity: Identity, wanted: str) -> None:
    store, session = issue.server.sessions, issue.session
    joined = session.clients.get(issue.client.client_id)
    if joined is None and wanted != REFRESH:
        return
    if joined is None:
        joined = store.join(session, issue.client.client_id, issue.scope)
    elif issue.scope is not None:
        joined.scope = issue.scope
    before = session.clients.get(identity.client_id)
    if identity.exchanged and before is not None:
        joined.exchanged_from |= before.exchanged_from
    joined.exchanged_from.add(identity.client_id)
