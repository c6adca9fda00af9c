"""What the peers get wrong about the record, and about pages: rows 17, 18, 23, 27."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone

from kc_exchange.impersonation import sweep
from kc_exchange.models import AuditEvent
from tests.impersonation import desk as pages
from tests.impersonation.desk import MIDDLEWARE, Cause, Grant, Type

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


def log_entry(request: Any) -> HttpResponse:
    """Write down a change, as the admin does."""
    LogEntry.objects.log_actions(
        request.user.pk, [request.user], CHANGE, [{"changed": {"fields": ["Name"]}}]
    )
    return HttpResponse("logged")


def page(request: Any) -> HttpResponse:
    """Answer with what is worth compressing."""
    return HttpResponse("<p>a page</p>" * 100)


urlpatterns = [*pages.urlpatterns, path("log/", log_entry), path("page/", page)]


@pytest.mark.parametrize("way", ["/leave/", "/close/"])
def test_row_17__logout(desk: Desk, way: str):
    """Whoever logs out, by a page of the target or their own, the grant has an end."""
    grant = desk.start(mode="read-write")
    assert desk.client.post(way).status_code == 200
    assert desk.cause() == Cause.LOGOUT
    ended = desk.events(grant=grant)[-1]
    assert ended.type == Type.GRANT_ENDED
    assert desk.who() == ""


def test_row_17__session_over(desk: Desk):
    """A session that nobody comes back with is closed by the sweep."""
    grant = desk.start()
    desk.client.session.flush()
    assert desk.who() == ""
    Grant.objects.filter(pk=grant.pk).update(session_expires_at=grant.started_at)
    assert sweep() == [grant]
    assert desk.cause() == Cause.SESSION_EXPIRED


def test_row_17__browser_closed(desk: Desk):
    grant = desk.start()
    earlier = timezone.now() - timedelta(minutes=15)
    Grant.objects.filter(pk=grant.pk).update(last_seen_at=earlier)
    sweep()
    assert desk.cause() == Cause.IDLE
    assert sweep() == []


def test_row_18__people_deleted(desk: Desk):
    """Grant and events outlive both people, with the names they had."""
    grant = desk.start()
    desk.who()
    desk.stop()
    before = [(e.seq, e.hash) for e in desk.events(grant=grant)]
    assert len(before) == 5
    desk.operator.delete()
    desk.target.delete()
    grant = Grant.objects.get(pk=grant.pk)
    assert (grant.operator_name, grant.target_name) == ("sam", "alice")
    assert [(e.seq, e.hash) for e in desk.events(grant=grant)] == before


def test_row_18__grants_and_events_deleted_by_the_orm(desk: Desk):
    grant = desk.start()
    event = desk.events()[0]
    for delete in (grant.delete, Grant.objects.all().delete):
        with pytest.raises(TypeError, match="never deleted"):
            delete()
    for refused in (
        event.delete,
        AuditEvent.objects.all().delete,
        AuditEvent.objects.filter(pk=event.pk).delete,
        lambda: AuditEvent.objects.update(operator_name="somebody else"),
        lambda: AuditEvent.objects.bulk_update([event], ["operator_name"]),
        lambda: AuditEvent.objects.bulk_create([event], ignore_conflicts=True),
    ):
        with pytest.raises(TypeError, match="never changed or deleted"):
            refused()
    assert AuditEvent.objects.get(pk=event.pk).operator_name == "sam"


def test_row_23__log_entry_of_the_admin(desk: Desk):
    """It is the operator's, and says as whom and in which grant they acted."""
    desk.settings.ROOT_URLCONF = __name__
    grant = desk.start(mode="read-write")
    desk.client.post("/log/")
    entry = LogEntry.objects.get()
    assert entry.user_id == desk.operator.pk
    assert entry.change_message.startswith(f"As alice, in grant {grant.pk}: ")
    desk.stop()
    desk.client.post("/log/")
    assert LogEntry.objects.latest("pk").get_change_message() == "Changed Name."


def test_row_27__compressed_page(desk: Desk):
    """Nothing rewrites the page, so a compressed one is sent as it is."""
    desk.settings.ROOT_URLCONF = __name__
    gzip = "django.middleware.gzip.GZipMiddleware"
    for order in ([gzip, *MIDDLEWARE], [*MIDDLEWARE, gzip]):
        desk.settings.MIDDLEWARE = order
        desk.start()
        response = desk.client.get("/page/", headers={"Accept-Encoding": "gzip"})
        assert response.status_code == 200
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["Content-Length"] == str(len(response.content))
        desk.stop()
