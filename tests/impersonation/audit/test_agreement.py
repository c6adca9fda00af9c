"""Grants, whose rows can be changed, against the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.utils import timezone

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit import agreement
from kc_exchange.impersonation.events import about
from kc_exchange.models import ImpersonationGrant
from tests.impersonation.audit.tools import found

if TYPE_CHECKING:
    from kc_exchange.impersonation.audit import Append
    from tests.impersonation.audit.history import History


def change(history: History, **changes: Any) -> None:
    """Change the only grant, past Django."""
    grants = ImpersonationGrant.objects.using(history.alias)
    assert grants.update(**changes) == 1


LATER = datetime(2030, 1, 1, tzinfo=UTC)
OF_START = {
    "operator_id": "9",
    "operator_name": "eve",
    "operator_subject": "s-9",
    "target_id": "8",
    "target_name": "bob",
    "target_subject": "s-8",
    "reason": "Another reason altogether.",
    "ticket": "T-1",
    "category": "billing",
    "mode": "read-write",
    "expires_at": LATER,
    "realm": "other",
    "client_address": "198.51.100.1",
    "user_agent": "Other/2",
    "keycloak_sid": "sid",
    "keycloak_jti": "jti",
    "started_at": None,
}
OF_END = {
    "ended_at": None,
    "end_cause": "expired",
    "ended_by_name": "eve",
    "open_for": "2",
}


@pytest.mark.parametrize("column", OF_START)
def test_grant__says_otherwise_than_its_start(history: History, column: str) -> None:
    history.write()

    change(history, **{column: OF_START[column]})

    assert found(history) == [("grant_changed", 2)]
    assert column in history.verify().findings[0].sentence


@pytest.mark.parametrize("column", OF_END)
def test_grant__says_otherwise_than_its_end(history: History, column: str) -> None:
    history.write()

    change(history, **{column: OF_END[column]})

    report = history.verify()
    assert [f.reason for f in report.findings] == ["grant_changed"]
    assert column in report.findings[0].sentence


def test_grant__is_opened_again(history: History) -> None:
    """Nobody can go on under a grant that ended, and leave no trace."""
    history.write()

    change(history, ended_at=None, end_cause="", open_for="2")

    assert found(history) == [("grant_changed", 9)]


def test_grant__is_made_longer_while_it_is_open(history: History) -> None:
    history.start()
    assert history.verify().is_sound

    change(history, expires_at=LATER)

    assert found(history) == [("grant_changed", 2)]


def test_grant__is_closed_without_a_record(history: History) -> None:
    history.start()

    change(history, ended_at=timezone.now(), end_cause="stopped", open_for=None)

    assert found(history) == [("grant_changed", 2)]


def test_grant__has_no_record(history: History) -> None:
    """A row that was put into the table past the app."""
    history.write()
    known = ImpersonationGrant.objects.using(history.alias).get()
    known.pk = "018f0000-0000-7000-8000-000000000000"
    known.save(using=history.alias, force_insert=True)

    report = history.verify()

    assert [f.reason for f in report.findings] == ["grant_unrecorded"]
    assert report.findings[0].grant == known.pk


def test_grant__is_gone(history: History) -> None:
    history.write()
    history.owner.run("DELETE FROM kc_exchange_impersonationgrant")

    assert found(history) == [("grant_missing", 1)]


def test_grant__has_another_id(history: History) -> None:
    history.write()
    history.owner.run(
        "UPDATE kc_exchange_impersonationgrant SET id = %s",
        "018f0000000070008000000000000000",
    )

    assert found(history) == [("grant_missing", 1), ("grant_unrecorded", None)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("expires_at", "no date"),
        ("ended_at", 5),
        ("id", "no uuid"),
        ("reason", b"\xff"),
    ],
)
def test_grant__cannot_be_read(history: History, column: str, value: Any) -> None:
    """What Django cannot even convert is a finding, not a traceback."""
    history.write()
    history.write()
    history.owner.run(
        f"UPDATE kc_exchange_impersonationgrant SET {column} = %s "
        "WHERE rowid = (SELECT MIN(rowid) FROM kc_exchange_impersonationgrant)",
        value,
    )

    report = history.verify()

    assert report.counts["grant_changed"] == 1
    assert report.exit_code == 1


def test_grants__are_compared_page_by_page(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "_PAGE", 2)
    grants = [history.write(requests=0) for _ in range(5)]
    assert history.verify().is_sound

    for grant in grants:
        ImpersonationGrant.objects.filter(pk=grant.pk).update(ticket="x")

    assert history.verify().counts == {"grant_changed": 5}


def test_grant__is_kept_while_events_are_altered(history: History) -> None:
    """The record comes first: it may be why the grant does not agree."""
    history.write()
    history.owner.drop_triggers()
    history.owner.update(9, payload=b"nothing")

    assert found(history) == [("payload_changed", 9), ("grant_changed", 2)]


def test_grant__was_refused_at_keycloak(history: History) -> None:
    """Denied after it was asked for: it never began, and that is its end."""
    grant = history.ask()

    def denied(append: Append) -> None:
        ImpersonationGrant.objects.filter(pk=grant.pk).update(
            ended_at=timezone.now(), end_cause="not_started", open_for=None
        )
        refused = {"outcome": "failure", "code": "exchange_denied"}
        append(about(grant, "start.denied", cause="not_started", **refused))

    audit.committed(denied)

    assert history.verify().is_sound


def test_grant__ends_while_it_is_verified(history: History) -> None:
    """The row is read before its events: a difference must last to count."""
    grant = history.start()
    ended: list[str] = []

    def busy(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if "auditevent" in sql and "grant_id" in sql and " IN " in sql and not ended:
            ended.append(sql)
            history.end(grant)
        return execute(sql, params, many, context)

    with connections[history.alias].execute_wrapper(busy):
        report = history.verify()

    assert ended
    assert report.is_sound, report.verdict


def test_requests__have_no_outcome(history: History) -> None:
    """A process that was killed leaves a note, and no finding."""
    grant = history.start()
    history.request(grant)
    asked = {"method": "GET", "route": "x", "path": "/x/", "request_id": ""}
    for _ in range(2):
        history.record(about(grant, "request.started", **asked))
    soon, late = (timezone.now() + timedelta(minutes=m) for m in (9, 11))

    assert history.verify(now=soon).notes == []
    report = history.verify(now=late)

    assert report.is_sound
    assert len(report.notes) == 1
    assert report.notes[0].startswith("Of 2 requests the outcome is unknown")
    assert "first of record 5" in report.notes[0]


def test_clock__went_back(history: History) -> None:
    """Not tampering: clocks are set; but whoever reads the times should know."""
    history.write()
    history.owner.drop_triggers()
    history.owner.rewrite(
        5, lambda said: said.update(occurred_at="2020-01-01T00:00:00Z")
    )

    report = history.verify()

    assert report.is_sound
    (warning,) = report.warnings
    assert warning.startswith("The clock went back once, first at record 5: ")
