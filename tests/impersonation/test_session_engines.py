"""A grant in every session engine of Django, and the operator's session beside it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as configured
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends import file
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from kc_exchange.impersonation import session as two_sessions
from kc_exchange.impersonation import sweep
from tests.impersonation.desk import Cause, Grant, desk_of, prepare, thief_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
ENGINES = ["db", "cached_db", "cache", "file"]
_LATER = timedelta(hours=1)
_SLACK = timedelta(seconds=2)
"""What rounding to whole seconds may add."""


@pytest.fixture(params=ENGINES)
def desk(
    request: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """Give a desk whose sessions are in this engine."""
    cache.clear()
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    monkeypatch.setattr(
        file.SessionStore, "_storage_path", str(tmp_path), raising=False
    )
    prepare(settings)
    return desk_of(settings)


def stored(key: str) -> Any:
    """Return the session as the engine has it."""
    return import_module(configured.SESSION_ENGINE).SessionStore(key)


def cached_key(key: str) -> str:
    return str(cache.make_key(stored(key).cache_key))


def ends(key: str) -> datetime:
    """Return when the engine lets a session end: the latest of its copies."""
    engine = configured.SESSION_ENGINE.rpartition(".")[2]
    found = []
    if engine in {"db", "cached_db"}:
        found.append(Session.objects.get(session_key=key).expire_date)
    if engine in {"cache", "cached_db"}:
        seconds = cache._expire_info[cached_key(key)]  # type: ignore[attr-defined]
        found.append(datetime.fromtimestamp(seconds, UTC))
    if engine == "file":
        session = stored(key)
        found.append(session.get_expiry_date(modification=session._last_modification()))
    return max(found)


def grow_older(key: str, user: Any) -> None:
    """Let the session have begun an hour ago."""
    for row in Session.objects.filter(session_key=key):
        row.expire_date -= _LATER
        row.save()
    if "cache" in configured.SESSION_ENGINE:
        cache._expire_info[cached_key(key)] -= _LATER.total_seconds()  # type: ignore[attr-defined]
    if configured.SESSION_ENGINE.endswith("file"):
        path = stored(key)._key_to_file()
        earlier = timezone.now() - _LATER
        os.utime(path, (earlier.timestamp(),) * 2)
    get_user_model().objects.filter(pk=user.pk).update(
        last_login=timezone.now() - _LATER
    )


def cookie_ends(client: Client) -> datetime:
    seconds = int(client.cookies["sessionid"]["max-age"])
    return timezone.now() + timedelta(seconds=seconds)


def key_of(desk: Desk) -> str:
    return str(desk.client.session.session_key)


def test_engine__start_acts_ends(desk: Desk):
    """D22, D23: the key is renewed twice, and a copy of the cookie opens nothing."""
    desk.client.get("/note/?secret=of+sam")
    keys = [key_of(desk)]
    grant = desk.start()
    keys.append(key_of(desk))
    thief = thief_of(desk.client)
    desk.client.get("/note/?basket=of+alice")
    assert (desk.who(), desk.seen()) == ("alice", {"basket": "of alice"})
    desk.stop()
    keys.append(key_of(desk))
    assert (desk.who(), desk.seen()) == ("sam", {"secret": "of sam"})
    assert len(set(keys)) == 3
    assert [stored(k).exists(k) for k in keys] == [False, False, True]
    assert desk.who(thief) == ""
    assert desk.cause() == Cause.STOPPED
    assert not stored("").exists(two_sessions._key(grant.pk))


def test_engine__operator_session_never_longer(desk: Desk):
    """Neither the store's copy nor the cookie: at the start, meanwhile, at the end."""
    key = key_of(desk)
    grow_older(key, desk.operator)
    limit = ends(key) + _SLACK
    desk.start(mode="read-write")
    assert cookie_ends(desk.client) <= limit
    for act in ("/who/", "/note/?basket=of+alice", "/say/?text=hello", "/hear/"):
        desk.client.get(act)
        assert ends(key_of(desk)) <= limit
    assert cookie_ends(desk.client) <= limit
    desk.stop()
    assert cookie_ends(desk.client) <= limit
    assert desk.who() == "sam"
    assert limit - 2 * _SLACK <= ends(key_of(desk)) <= limit


def test_engine__operator_session_never_longer_by_an_end_elsewhere(desk: Desk):
    """The request that finds the grant over takes it out of the session, no more."""
    key = key_of(desk)
    grow_older(key, desk.operator)
    limit = ends(key) + _SLACK
    grant = desk.start()
    Grant.objects.filter(pk=grant.pk).update(expires_at=grant.started_at)
    assert desk.who() == ""
    assert cookie_ends(desk.client) <= limit
    assert desk.who() == "sam"
    assert ends(key_of(desk)) <= limit


def test_engine__operator_logs_in_elsewhere(desk: Desk):
    """A later login in another browser makes this one's session no longer.

    An engine in a cache alone does not tell when a session ends.
    """
    if desk.settings.SESSION_ENGINE.endswith(".cache"):
        return
    key = key_of(desk)
    grow_older(key, desk.operator)
    limit = ends(key) + _SLACK
    Client().force_login(desk.operator)
    desk.start()
    assert cookie_ends(desk.client) <= limit
    assert ends(key_of(desk)) <= limit


def test_engine__session_of_five_minutes(desk: Desk):
    """A session with an age of its own keeps it, and the grant ends with it."""
    session = desk.client.session
    session.set_expiry(timezone.now() + timedelta(minutes=5))
    session.save()
    limit = timezone.now() + timedelta(minutes=5) + _SLACK
    grant = desk.start(minutes=60)
    assert cookie_ends(desk.client) <= limit
    assert grant.session_expires_at is not None
    assert grant.session_expires_at <= limit


def test_engine__session_until_the_browser_closes(desk: Desk):
    """The cookie stays one without an age, at the start and at the end."""
    desk.settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = True
    desk.client.force_login(desk.operator)
    desk.start()
    assert desk.client.cookies["sessionid"]["max-age"] == ""
    desk.stop()
    assert desk.client.cookies["sessionid"]["max-age"] == ""
    assert desk.who() == "sam"


def test_engine__key_of_the_target_session(desk: Desk):
    """Presented as a cookie it opens nothing, while the grant lasts and afterwards."""
    grant = desk.start()
    desk.client.get("/note/?basket=of+alice")
    key = two_sessions._key(grant.pk)
    assert stored(key).exists(key)
    thief = Client()
    for _ in range(2):
        thief.cookies["sessionid"] = key
        page = thief.get("/who/").json()
        assert (page["user"], page["grant"], page["session"]) == ("", None, {})
        desk.stop()


def test_engine__page_ends_after_the_grant(desk: Desk):
    """What a page stores too late is not kept."""
    grant = desk.start()
    desk.client.get("/note/?basket=of+alice")
    late = two_sessions.TargetSession(grant, desk.target, desk.client.session)
    never = two_sessions.TargetSession(grant, desk.target, desk.client.session)
    late["basket"] = "later"
    desk.stop()
    never["basket"] = "for the first time"
    for session in (late, never):
        session.save()
    key = two_sessions._key(grant.pk)
    assert not stored(key).exists(key)


def test_engine__sweep_drops_the_target_session(desk: Desk):
    grant = desk.start()
    desk.client.get("/note/?basket=of+alice")
    Grant.objects.filter(pk=grant.pk).update(expires_at=grant.started_at)
    assert sweep() == [grant]
    key = two_sessions._key(grant.pk)
    assert not stored(key).exists(key)
