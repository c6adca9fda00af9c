"""End the session that a step began, whatever fails on the way."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from kc_exchange import exchange, transport
from kc_exchange.exceptions import ExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Realm
    from kc_exchange.tokens import SubjectToken


def ended(id_token: str, token: SubjectToken, realm: Realm) -> list[ExchangeError]:
    """End a session by its ID token, and say what failed.

    Where that fails, or there is no ID token, the access token is revoked, so that it
    is exchanged no more; the session lasts to its idle limit.
    """
    with transport.within(inf):  # an examination that is over leaves no session either
        return list(_failures(id_token, token, realm))


def fate(id_token: str, failures: list[ExchangeError]) -> str:
    """Return what became of a session, for a sentence."""
    is_over = id_token and not failures
    return "is ended again" if is_over else "lasts to its idle limit"


def _failures(
    id_token: str, token: SubjectToken, realm: Realm
) -> Iterator[ExchangeError]:
    if id_token:
        try:
            exchange.end_session(id_token, realm)
        except ExchangeError as error:
            yield error
        else:
            return
    try:
        exchange.revoke(token, realm)
    except ExchangeError as error:
        yield error
