"""Tell clients that a session is over (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kc_exchange.testing.fetching import post

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import Client
    from kc_exchange.testing.sessions import UserSession

logger = logging.getLogger(__name__)

URL = "backchannel.logout.url"
SESSION = "backchannel.logout.session.required"
OFFLINE = "backchannel.logout.revoke.offline.tokens"
LIFETIME = 120
"""Seconds that a logout token is good for."""


def end_session(server: RealmServer, session_id: str) -> None:
    """End a session as Keycloak does: each client with an address for it hears first.

    A client that cannot be reached, or refuses, holds up nothing.
    """
    session = server.sessions.find(session_id)
    if session is not None:
        for name in list(session.clients):
            _tell(server, server.realm.clients.get(name), session)
    server.sessions.end(session_id)


def logout_token(server: RealmServer, client: Client, session: UserSession) -> str:
    """Write and sign a logout token, in Keycloak's words."""
    events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    if client.on(OFFLINE):
        events["revoke_offline_access"] = True
    now = server.clock.seconds()
    named = {"sid": session.id} if client.on(SESSION) else {}
    claims = {
        "exp": now + LIFETIME,
        "iat": now,
        "jti": str(uuid4()),
        "iss": server.issuer,
        "aud": client.client_id,
        "sub": session.user_id,
        "typ": "Logout",
        **named,
        "events": events,
    }
    return server.keys.sign(claims, {"typ": "logout+jwt"})


def _tell(server: RealmServer, client: Client | None, session: UserSession) -> None:
    url = "" if client is None else client.attributes.get(URL, "")
    if client is None or not url:
        return
    try:
        answer = post(url, {"logout_token": logout_token(server, client, session)})
    except OSError as error:
        logger.warning("kc_exchange.testing.logout_untold client=%s: %s", url, error)
        return
    if answer.status not in {200, 204}:
        logger.warning("kc_exchange.testing.logout_refused status=%d", answer.status)
