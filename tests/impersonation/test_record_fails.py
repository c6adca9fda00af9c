"""The record cannot be written: nothing happens that it would not tell of."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.urls import include, path

from kc_exchange.impersonation import end
from kc_exchange.impersonation.errors import AuditUnavailable
from tests.impersonation import desk as pages
from tests.impersonation.desk import Cause, Grant, Type, desk_of, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpResponse

    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"Accept": "application/json"}


def crash(request: Any) -> HttpResponse:
    """Change something, and fail."""
    pages.change(request)
    raise ZeroDivisionError


async def acrash(request: Any) -> HttpResponse:
    """Fail in a coroutine."""
    raise ZeroDivisionError


urlpatterns = [
    *pages.urlpatterns,
    path("crash/", crash),
    path("acrash/", acrash),
    path("impersonation/", include("kc_exchange.urls")),
]


@pytest.fixture
def desk(settings: Any) -> Desk:
    prepare(settings)
    settings.ROOT_URLCONF = __name__
    made = desk_of(settings)
    made.client.raise_request_exception = False
    return made


@contextmanager
def record_refuses(table: str = "auditevent", only: str = "") -> Iterator[None]:
    """Let the database itself refuse what is written there, or one type of event."""
    when = f"WHEN NEW.type = '{only}'" if only else ""
    kind = "UPDATE" if table == "audithead" else "INSERT"
    run(
        f"CREATE TRIGGER no_record BEFORE {kind} ON kc_exchange_{table} {when} "
        "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    )
    try:
        yield
    finally:
        run("DROP TRIGGER no_record")


@contextmanager
def record_is_gone() -> Iterator[None]:
    """Let the table be another's for a while, as after a wrong restore."""
    run("ALTER TABLE kc_exchange_auditevent RENAME TO elsewhere")
    try:
        yield
    finally:
        run("ALTER TABLE elsewhere RENAME TO kc_exchange_auditevent")


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "failure",
    [record_refuses, lambda: record_refuses("audithead"), record_is_gone],
    ids=["events", "head", "no table"],
)
def test_record_fails__start(desk: Desk, failure: Any):
    """No grant, no new key, no event; the next start is as if nothing had been."""
    key = desk.client.session.session_key
    with failure():
        refused = desk.attempt()
        assert refused.status_code == 503
        assert desk.client.session.session_key == key
    assert not Grant.objects.exists()
    assert desk.events() == []
    desk.start()
    assert desk.who() == "alice"


def test_record_fails__between_request_and_beginning(desk: Desk):
    """What was asked for is closed; the session, whose key was renewed, is over."""
    with record_refuses(only="start.granted"):
        assert desk.attempt().status_code == 503
        assert desk.who() == ""
    assert desk.cause() == Cause.NOT_STARTED
    assert Grant.objects.get().started_at is None
    desk.client.force_login(desk.operator)
    desk.start()
    assert desk.who() == "alice"


def test_record_fails__denied_start(desk: Desk):
    """An attempt that cannot be recorded is refused all the same."""
    with record_refuses():
        assert desk.attempt(desk.operator).status_code == 503
    assert not Grant.objects.exists()


@pytest.mark.parametrize("failure", [record_refuses, record_is_gone])
@pytest.mark.fault(26)
def test_record_fails__request(desk: Desk, failure: Any):
    """The view does not run, as nobody; a program is told so; the grant goes on."""
    desk.start(mode="read-write")
    with failure():
        assert desk.client.post("/change/").status_code == 503
        told = desk.client.get("/who/", headers=JSON)
        assert told.json()["error"]["code"] == "audit_unavailable"
        assert told.headers["Cache-Control"] == "no-store, private, max-age=0"
    assert not get_user_model().objects.filter(first_name="Changed").exists()
    assert desk.who() == "alice"


def test_record_fails__refused_request(desk: Desk):
    """Refused it stays; that nobody may read of it, is said."""
    desk.start()
    with record_refuses():
        assert desk.client.post("/change/").status_code == 503
    assert desk.client.post("/change/").status_code == 403


def test_record_fails__outcome(desk: Desk, caplog: Any):
    """The answer is sent; the record shows a request without an outcome."""
    grant = desk.start()
    with record_refuses(only="request.finished"):
        assert desk.who() == "alice"
    assert "outcome_unrecorded" in caplog.text
    kinds = [e.type for e in desk.events(grant=grant)[2:]]
    assert kinds == [Type.REQUEST_STARTED]
    assert desk.who() == "alice"


@pytest.mark.parametrize("url", ["/stop/", "/impersonation/end/"])
def test_record_fails__end(desk: Desk, url: str):
    """The grant is still open, and so is the session as it was."""
    grant = desk.start()
    with record_refuses():
        assert desk.client.post(url).status_code == 503
        with pytest.raises(AuditUnavailable):
            end(grant, Cause.FORCED)
    grant.refresh_from_db()
    assert grant.is_open
    assert desk.who() == "alice"
    desk.client.post(url)
    assert (desk.who(), desk.cause()) == ("sam", Cause.STOPPED)


def test_record_fails__grant_found_over(desk: Desk):
    """The request is refused; its end is recorded by the next one that can."""
    grant = desk.start(mode="read-write")
    Grant.objects.filter(pk=grant.pk).update(expires_at=grant.started_at)
    with record_refuses():
        assert desk.client.post("/change/").status_code == 503
        assert desk.client.post("/change/").status_code == 503
    assert desk.client.post("/change/").status_code == 403
    assert desk.cause() == Cause.EXPIRED
    assert not get_user_model().objects.filter(first_name="Changed").exists()


def test_record_fails__logout(desk: Desk):
    """Whoever logs out is logged out; the sweep finds the grant later."""
    grant = desk.start(mode="read-write")
    with record_refuses(only="grant.ended"):
        desk.client.post("/leave/")
    assert desk.who() == ""
    grant.refresh_from_db()
    assert grant.ended_at is None


def test_grants_table_is_gone(desk: Desk):
    """Without the table of grants nobody is let through, as whomever."""
    desk.start(mode="read-write")
    run("ALTER TABLE kc_exchange_impersonationgrant RENAME TO elsewhere")
    try:
        assert desk.client.post("/change/").status_code == 503
    finally:
        run("ALTER TABLE elsewhere RENAME TO kc_exchange_impersonationgrant")
    assert desk.who() == "alice"


@pytest.mark.parametrize("url", ["/crash/", "/acrash/"])
@pytest.mark.parametrize("atomic", [False, True])
def test_crashing_view(
    desk: Desk, url: str, atomic: bool, monkeypatch: pytest.MonkeyPatch
):
    """What it changed is rolled back, what is recorded of it is not."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", atomic)
    grant = desk.start(mode="read-write")
    if url == "/acrash/" and atomic:
        return  # Django refuses coroutines under ATOMIC_REQUESTS itself
    assert desk.client.post(url).status_code == 500
    started, finished = desk.events(grant=grant)[2:]
    assert (started.type, finished.type) == (
        Type.REQUEST_STARTED,
        Type.REQUEST_FINISHED,
    )
    assert finished.outcome == "failure"
    assert b'"status":500' in bytes(finished.payload)
    changed = get_user_model().objects.filter(first_name="Changed").exists()
    assert changed == (url == "/crash/" and not atomic)
    assert desk.who() == "alice"
