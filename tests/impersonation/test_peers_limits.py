"""Grants that are over: what PostHog, impersonate and GitLab test of their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.impersonation import end
from tests.impersonation import desk as pages
from tests.impersonation.desk import Cause, Grant

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("limit", ["idle", "total"])
def test_posthog__timeout_in_an_api(desk: Desk, limit: str):
    """Once 403 with a code, and no endless circle: then the operator's own answer."""
    grant = desk.start()
    late: dict[str, Any] = {
        "idle": {"last_seen_at": grant.started_at and grant.started_at.replace(2020)},
        "total": {"expires_at": grant.started_at},
    }
    Grant.objects.filter(pk=grant.pk).update(**late[limit])
    refused = desk.client.get("/who/", headers=JSON)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "grant_ended"
    assert desk.cause() == (Cause.IDLE if limit == "idle" else Cause.EXPIRED)
    assert desk.who() == "sam"


def test_impersonate__grant_that_never_began(desk: Desk):
    """A grant without a start is none, whatever the session says."""
    grant = desk.start()
    Grant.objects.filter(pk=grant.pk).update(started_at=None)
    assert desk.who() == ""
    assert desk.who() == "sam"


def test_gitlab__ended_by_somebody_else(desk: Desk):
    """The kill switch: the next request is refused, and says who and why."""
    grant = desk.start()
    boss = pages.person("boss")
    assert end(grant, Cause.FORCED, by=boss)
    assert not end(grant, Cause.STOPPED)
    refused = desk.client.get("/who/")
    assert refused.status_code == 403
    assert b"ended by somebody else" in refused.content
    assert (desk.cause(), grant.ended_by_name) == (Cause.FORCED, "boss")
