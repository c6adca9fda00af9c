"""A token renewed in the background makes no session longer."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils import timezone

from kc_exchange import capture
from kc_exchange.capture.session_age import ends_at
from tests.capture.browser import logged_in, store, tokens
from tests.capture.counting import Keycloak, captured

if TYPE_CHECKING:
    from typing import Any

pytestmark = pytest.mark.django_db
SLACK = timedelta(seconds=2)


def grow_older(key: str, settings: Any) -> None:
    """Let the session be an hour old."""
    earlier = timezone.now() - timedelta(hours=1)
    for row in Session.objects.filter(session_key=key):
        row.expire_date -= timedelta(hours=1)
        row.save()
    if settings.SESSION_ENGINE.endswith("file"):
        os.utime(store(key)._key_to_file(), (earlier.timestamp(),) * 2)  # type: ignore[attr-defined]


def test_renewed_tokens__session_ends_as_before(engine: str, settings: Any) -> None:
    """Where the engine tells when that is; in a cache alone nobody can tell."""
    if engine == "cache":
        return
    key = logged_in(tokens())
    grow_older(key, settings)
    until = ends_at(store(key), None)
    request, rejected = captured(key)
    capture.renew(request, rejected, Keycloak())
    assert abs(ends_at(store(key), None) - until) <= SLACK
    assert capture.kept(request) is not None
    if engine == "cached_db":
        cached = cache._expire_info[cache.make_key(store(key).cache_key)]  # type: ignore[attr-defined]
        assert cached <= (until + SLACK).timestamp()


def test_renewed_tokens__of_a_session_that_slides(settings: Any) -> None:
    """Where the project prolongs a session at each request, nothing holds it back."""
    settings.SESSION_SAVE_EVERY_REQUEST = True
    key = logged_in(tokens())
    grow_older(key, settings)
    request, rejected = captured(key)
    capture.renew(request, rejected, Keycloak())
    left = Session.objects.get(session_key=key).expire_date - timezone.now()
    assert left > timedelta(seconds=settings.SESSION_COOKIE_AGE) - SLACK
