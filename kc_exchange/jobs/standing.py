"""Whether a login still stands: its session as it is stored, and its user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    load_backend,
)
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from kc_exchange.capture.session import ITEM, newest_of, session_store
from kc_exchange.exceptions import SubjectGone
from kc_exchange.jobs.claims import login_of, refuse_unknown_realm

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

    from kc_exchange.jobs.claims import Claims
    from kc_exchange.tokens import TokenSet


@sensitive_variables()
def session_of(session_key: str) -> SessionBase | None:
    """Return a session as it is stored, None if there is none of that key."""
    session: SessionBase = session_store()(session_key)
    # Reading it is what tells: an engine takes the key of a session that is not there.
    session.get(SESSION_KEY)
    return session if session.session_key == session_key else None


@sensitive_variables()
def tokens_of(session: SessionBase, claims: Claims) -> TokenSet:
    """Return the tokens that a session keeps, if it is still the login of `claims`.

    Django's own rules (`django.contrib.auth.get_user`), and nothing is changed.

    Raises:
        SubjectGone: somebody else is logged in, or the user may not be, or it is
            another login at Keycloak or of a realm that left the settings, or no tokens
            are kept.
    """
    if session.get(SESSION_KEY) != claims.user_id:
        raise SubjectGone("Whoever started this job has left their session.")
    refuse_user(
        claims.user_id,
        str(session.get(BACKEND_SESSION_KEY, "")),
        str(session.get(HASH_SESSION_KEY, "")),
    )
    kept = newest_of(session.get(ITEM), str(session.session_key))
    if kept is None:
        raise SubjectGone("The session of whoever started this job keeps no tokens.")
    refuse_unknown_realm(kept.tokens.realm)
    if login_of(kept.tokens)[:2] != (claims.issuer, claims.sid):
        raise SubjectGone("Whoever started this job has logged in anew since then.")
    return kept.tokens


@sensitive_variables()
def refuse_user(user_id: str, backend: str, session_hash: str) -> None:
    """Refuse a user whom Django would not take for logged in.

    Raises:
        SubjectGone: deactivated or deleted, or the password was changed.
    """
    user = _user(user_id, backend)
    if user is None:
        raise SubjectGone("Whoever started this job was deactivated or deleted.")
    if not _hash_is_right(user, session_hash):
        raise SubjectGone("Whoever started this job has a new password since then.")


@sensitive_variables()
def stands(user_id: str, backend: str, session_hash: str) -> bool:
    """Whether Django would take a user for logged in."""
    try:
        refuse_user(user_id, backend, session_hash)
    except SubjectGone:
        return False
    return True


def _user(user_id: str, backend: str) -> Any:
    if backend not in settings.AUTHENTICATION_BACKENDS:
        return None
    try:
        key = get_user_model()._meta.pk.to_python(user_id)  # noqa: SLF001 - public API
    except ValidationError:
        return None
    return load_backend(backend).get_user(key)


@sensitive_variables()
def _hash_is_right(user: Any, session_hash: str) -> bool:
    if not hasattr(user, "get_session_auth_hash"):
        return True
    fallbacks = getattr(user, "get_session_auth_fallback_hash", list)
    return any(
        constant_time_compare(session_hash, known)
        for known in (user.get_session_auth_hash(), *fallbacks())
    )
