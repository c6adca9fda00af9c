"""End what a reply began that is not used."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kc_exchange.exceptions import ExchangeError
from kc_exchange.exchange.revocation import end_session, revoke
from kc_exchange.tokens import SubjectToken, claims_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Realm
    from kc_exchange.exchange.check import Members

_log = logging.getLogger("kc_exchange")


def discard(members: Members, sent: SubjectToken, realm: Realm) -> None:
    """Revoke the access token of `members`, and end the session of its ID token.

    For a reply that differs from what was asked for: Keycloak began a session all the
    same, and nobody else knows of it. What is of the session of the token `sent`, or
    not issued to the client of `realm`, is left alone. It takes up to twice
    `realm.deadline` seconds; a failure is logged, and raises nothing.
    """
    own = claims_of(sent.value).get("sid")
    if access_token := _new(members.get("access_token"), own, realm):
        with _logged(realm):
            revoke(SubjectToken(value=access_token, realm=realm.alias), realm)
    if id_token := _new(members.get("id_token"), own, realm):
        with _logged(realm):
            end_session(id_token, realm)


@contextmanager
def _logged(realm: Realm) -> Iterator[None]:
    try:
        yield
    except ExchangeError as error:
        _log.warning("kc_exchange.discard_failed realm=%s: %s", realm.alias, error)


def _new(token: object, own: object, realm: Realm) -> str:
    """Return the token if it is the client's, of another session than `own`."""
    if not isinstance(token, str):
        return ""
    claims = claims_of(token)
    session_id = claims.get("sid")
    is_new = isinstance(session_id, str) and session_id not in {"", own}
    ours = claims.get("iss") == realm.issuer and claims.get("azp") == realm.client_id
    return token if is_new and ours else ""
