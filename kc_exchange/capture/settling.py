"""Put a session's tokens right before Django saves it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.views.decorators.debug import sensitive_variables

from kc_exchange.capture import newest
from kc_exchange.capture.seal import unseal
from kc_exchange.capture.session import (
    ITEM,
    cookie_key,
    sealed_anew,
    state,
    tell_kept,
)
from kc_exchange.capture.session_age import ends_at, hold

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

_RENEWABLE = 60.0
"""Seconds before its expiry from which somebody else may be renewing a token."""


def settle(request: HttpRequest) -> None:
    """Put the session's tokens right; call it when the response is ready.

    Seals them for the new key after `cycle_key()`, and replaces those that another
    request has renewed meanwhile. May read the session's store, see `is_settled`.
    """
    if is_settled(request):
        return
    session = request.session
    _rebind(session, cookie_key(request))
    _take_newest(session)
    _agree_with_store(session, renewed=state(request).renewed)


@sensitive_variables()
def is_settled(request: HttpRequest) -> bool:
    """Return whether `settle` has nothing to do; cheap, and without I/O."""
    session = getattr(request, "session", None)
    if session is None or not session.accessed or session.session_key is None:
        return True
    sealed = session.get(ITEM)
    if not sealed:
        return True
    key = session.session_key
    known = newest.of(key)
    if key != cookie_key(request) or state(request).renewed:
        return False
    if known is not None and known.sealed != sealed:
        return False
    return not (_is_saved(session) and _is_renewable(sealed, key))


def put(session: SessionBase, sealed: str) -> None:
    """Replace the tokens in this copy; they are in the store, so save nothing."""
    modified = session.modified
    if sealed:
        session[ITEM] = sealed
    else:
        session.pop(ITEM, None)
    session.modified = modified


@sensitive_variables()
def write(store: type[SessionBase], session_key: str, sealed: str) -> bool:
    """Write the tokens to the stored session; False if it is gone.

    The session ends when it would have: nobody used it, a token was renewed.
    """
    session = store(session_key)
    session[ITEM] = sealed
    if session.session_key != session_key:
        return False
    hold(session, ends_at(session, None))
    try:
        session.save()
    except UpdateError:
        return session.exists(session_key)
    return True


@sensitive_variables()
def _rebind(session: SessionBase, cookie: str) -> None:
    """Seal the tokens for the session's new key, if they are still for the cookie's."""
    key, sealed = str(session.session_key), session[ITEM]
    if not cookie or key == cookie or unseal(sealed, key) is not None:
        return
    known = newest.of(cookie)
    for text in filter(None, (known and known.sealed, sealed)):
        kept = unseal(text, cookie)
        if kept is not None:
            session[ITEM] = sealed_anew(key, kept.tokens, kept.generation).sealed
            tell_kept(kept.tokens, session, cookie)
            return


@sensitive_variables()
def _take_newest(session: SessionBase) -> None:
    key, sealed = str(session.session_key), session[ITEM]
    known = newest.of(key)
    if known is None or known.sealed == sealed:
        return
    here = unseal(sealed, key)
    if here is None or here.generation < known.generation:
        put(session, known.sealed)


@sensitive_variables()
def _agree_with_store(session: SessionBase, *, renewed: bool) -> None:
    """Take the store's tokens if they are newer; after a renewal, write ours if not.

    A renewal inside a transaction that was rolled back has to be written again.
    """
    key, sealed = str(session.session_key), session.get(ITEM)
    stored = type(session)(key).get(ITEM)
    if not sealed or not stored or stored == sealed:
        return
    ours, theirs = unseal(sealed, key), unseal(stored, key)
    if theirs is not None and (ours is None or ours.generation < theirs.generation):
        put(session, stored)
    elif renewed and ours is not None:
        write(type(session), key, sealed)


def _is_saved(session: SessionBase) -> bool:
    return session.modified or settings.SESSION_SAVE_EVERY_REQUEST


@sensitive_variables()
def _is_renewable(sealed: str, session_key: str) -> bool:
    kept = unseal(sealed, session_key)
    return kept is not None and kept.tokens.expires_at < time.time() + _RENEWABLE
