"""Exports, field by field, against what ECS and OCSF say."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.impersonation.audit import Event, rows
from kc_exchange.impersonation.audit.export import export
from kc_exchange.impersonation.audit.table import COLUMNS
from kc_exchange.models import AuditEvent
from tests.impersonation.audit import standards
from tests.impersonation.audit.exports import documents
from tests.impersonation.audit.history import ANNA, SAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.impersonation.audit.history import History


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield path, value
        return
    for key, item in value.items():
        yield from leaves(item, f"{path}.{key}" if path else key)


def test_ecs__has_only_fields_of_ecs(all_types: History) -> None:
    """Of the right type; what ECS has no field for is below `kc_exchange`."""
    for document in documents("ecs"):
        for field, value in leaves(document):
            if field.startswith("kc_exchange."):
                continue
            kind = standards.ECS[field]
            if kind == "array":
                assert isinstance(value, list)
                assert all(isinstance(item, str) for item in value)
            elif kind == "long":
                assert type(value) is int
            else:
                assert isinstance(value, str)
            if kind == "ip":
                assert str(ip_address(value)) == value
            if kind == "date":
                assert datetime.fromisoformat(value).tzinfo


def test_ecs__has_types_that_its_categories_expect(all_types: History) -> None:
    for document in documents("ecs"):
        event = document["event"]
        expected = set().union(*(standards.ECS_TYPES[c] for c in event["category"]))
        assert set(event["type"]) <= expected
        assert event["kind"] == "event"
        assert event["outcome"] in {"success", "failure", "unknown"}
        if "iam" in event["category"]:
            assert "user" in event["type"]
            assert len(event["type"]) >= 2


def test_ecs__of_a_start(history: History) -> None:
    """The operator is `user`, the target `user.effective`, both are `related`."""
    grant = history.start(reason="The basket is empty, says anna.")
    asked, granted = documents("ecs")
    event = AuditEvent.objects.get(seq=2)

    assert granted["user"] == {
        "id": "2",
        "name": "sam",
        "effective": {"id": "7", "name": "anna"},
    }
    assert granted["related"] == {"user": ["sam", "anna"], "ip": ["192.0.2.7"]}
    assert granted["event"] == {
        "kind": "event",
        "category": ["iam", "session"],
        "type": ["user", "info", "start"],
        "action": "impersonation-start",
        "outcome": "success",
        "reason": "The basket is empty, says anna.",
        "code": "start.granted",
        "id": str(event.event_id),
        "sequence": 2,
        "hash": event.hash,
        "module": "kc_exchange",
        "dataset": "kc_exchange.audit",
        "provider": "kc_exchange",
    }
    assert granted["@timestamp"].endswith("Z")
    assert granted["ecs"] == {"version": "8.17.0"}
    assert granted["source"] == {"ip": "192.0.2.7"}
    assert granted["user_agent"] == {"original": "Browser/1.0"}
    assert granted["kc_exchange"]["grant"] == {"id": str(grant.pk)}
    assert granted["kc_exchange"]["details"]["mode"] == "read-only"
    assert asked["event"]["action"] == "impersonation-request"


def test_ecs__of_a_request_and_of_the_end(history: History) -> None:
    grant = history.start()
    history.request(grant)
    history.end(grant, "expired")

    *_, answered, ended = documents("ecs")

    assert answered["http"] == {
        "request": {"method": "GET"},
        "response": {"status_code": 200},
    }
    assert answered["url"] == {"path": "/orders/"}
    assert answered["event"]["category"] == ["web"]
    assert ended["event"]["action"] == "impersonation-end"
    assert ended["event"]["type"] == ["user", "info", "end"]
    assert ended["event"]["reason"] == "expired"


def test_csv__has_a_column_for_each_part(all_types: History) -> None:
    text = "".join(export("csv"))
    reader = csv.DictReader(io.StringIO(text, newline=""))
    found = list(reader)

    assert tuple(reader.fieldnames or ()) == COLUMNS
    assert len(found) == AuditEvent.objects.count()
    assert [row["seq"] for row in found] == [
        str(seq) for seq in range(1, len(found) + 1)
    ]
    assert found[1]["operator_name"] == "sam"
    assert found[1]["target_name"] == "anna"
    assert found[1]["mode"] == "read-only"
    assert found[1]["reason"] == "The basket of anna is empty."
    assert found[3]["status"] == "200"
    assert json.loads(found[3]["more"])["started"] == found[2]["event_id"]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"operator": "sam"}, [1, 2, 3, 4]),
        ({"operator": "2"}, [1, 2, 3, 4]),
        ({"operator": "anna"}, [5]),
        ({"target": "7"}, [1, 2, 3, 4]),
        ({"target": "sam"}, [5]),
        ({"operator": "sam", "target": "sam"}, []),
        ({"operator": "nobody' OR 1=1"}, []),
    ],
)
def test_export__of_some_people(
    history: History, options: dict[str, str], numbers: list[int]
) -> None:
    history.request(history.start())
    history.record(Event(type="start.denied", operator=ANNA, target=SAM))

    found = documents("ecs", **options)

    assert [document["event"]["sequence"] for document in found] == numbers


def test_export__of_some_time_and_of_a_grant(history: History) -> None:
    first, second = history.write(requests=0), history.write(requests=0)
    at = AuditEvent.objects.get(seq=4).occurred_at
    tick = timedelta(microseconds=1)

    def numbers(**options: Any) -> list[int]:
        return [d["event"]["sequence"] for d in documents("ecs", **options)]

    assert numbers(after=at) == [4, 5, 6]
    assert numbers(after=at + tick) == [5, 6]
    assert numbers(before=at) == [1, 2, 3]
    assert numbers(after=at, before=at + tick) == [4]
    assert numbers(grant=first.pk) == [1, 2, 3]
    assert numbers(grant=second.pk, after=at + tick) == [5, 6]


def test_export__without_use_tz(history: History, settings: Any) -> None:
    """The column is in UTC all the same."""
    settings.USE_TZ = False
    settings.TIME_ZONE = "Asia/Tokyo"
    history.write(requests=0)
    now = datetime.now(UTC)
    hour = timedelta(hours=1)

    assert history.verify().is_sound
    assert len(documents("ecs", after=now - hour, before=now + hour)) == 3
    assert documents("ecs", after=now + hour) == []
    assert documents("ecs", before=now - hour) == []


@pytest.mark.parametrize("form", ["ecs", "ocsf", "csv"])
def test_export__reads_page_by_page(
    history: History, form: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.write(requests=10)
    whole = list(export(form))
    monkeypatch.setattr(rows, "PAGE", 5)

    assert list(export(form)) == whole
