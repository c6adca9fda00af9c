"""Requests with a session, as SessionMiddleware would make them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.test import RequestFactory

from kc_exchange import capture
from kc_exchange.tokens import TokenSet

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

ENGINES = ["db", "cache", "cached_db", "file"]


def tokens(name: str = "first", **changes: Any) -> TokenSet:
    """Return a token set whose tokens are long, distinct and easy to find."""
    values = {
        "access_token": f"access.{name}." + "A1b2C3d4E5" * 20,
        "refresh_token": f"refresh.{name}." + "F6g7H8i9J0" * 20,
        "id_token": f"identity.{name}." + "K1l2M3n4O5" * 20,
        "expires_at": 1.0,
    }
    return TokenSet(**{**values, **changes})


def store(session_key: str | None = None) -> SessionBase:
    """Return a session of the engine in the settings."""
    engine = import_module(settings.SESSION_ENGINE)
    found: SessionBase = engine.SessionStore(session_key)
    return found


def with_session(session_key: str | None = None, **extra: Any) -> HttpRequest:
    """Return a request whose browser sends the cookie of that session."""
    request = RequestFactory().get("/", **extra)
    if session_key is not None:
        request.COOKIES[settings.SESSION_COOKIE_NAME] = session_key
    request.session = store(session_key)
    return request


def logged_in(kept: TokenSet | None = None) -> str:
    """Store a session of user 7, with tokens kept, and return its key."""
    request = with_session()
    request.session[SESSION_KEY] = "7"
    if kept is not None:
        capture.keep(request, kept)
    request.session.save()
    return str(request.session.session_key)


def logged_in_user(kept: TokenSet) -> str:
    """Store a session of a user who exists, with tokens kept, and return its key."""
    user = get_user_model().objects.create(username="first")
    session = store(logged_in(kept))
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)
