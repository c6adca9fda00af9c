"""Exports as OCSF, attribute by attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.models import AuditEvent
from tests.impersonation.audit import standards
from tests.impersonation.audit.exports import documents

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History


def test_ocsf__has_what_its_class_requires(all_types: History) -> None:
    for event in documents("ocsf"):
        rules: dict[str, Any] = standards.OCSF_CLASSES[event["class_uid"]]
        assert rules["required"] <= set(event)
        assert set(event) <= rules["allowed"]
        assert event["class_name"] == rules["name"]
        assert event["category_uid"] == rules["category"]
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        captions = standards.OCSF_ACTIVITIES[event["class_uid"]]
        assert event["activity_name"] == captions[event["activity_id"]] or (
            event["activity_id"] == 99
        )
        assert event["status"] == standards.OCSF_STATUS[event["status_id"]]
        assert event["severity"] == standards.OCSF_SEVERITY[event["severity_id"]]
        assert {"version", "product"} <= set(event["metadata"])
        assert event["metadata"]["version"] == "1.6.0"
        if event["class_uid"] == 3002:
            assert event["service"]["name"]


def test_ocsf__has_only_attributes_of_its_objects(all_types: History) -> None:
    def check(name: str, value: Any) -> None:
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict) and name != "unmapped":
                assert set(part) <= standards.OCSF_OBJECTS[name], name
                for key, inner in part.items():
                    check(key, inner)

    for event in documents("ocsf"):
        for name, value in event.items():
            check(name, value)
        people = [event["actor"]["user"], event.get("user", {"name": "-"})]
        assert all(person.get("name") or person.get("uid") for person in people)


def test_ocsf__of_a_start_and_an_end(history: History) -> None:
    grant = history.start()
    history.end(grant, "forced")

    _, started, ended = documents("ocsf", service="shop.example")

    assert (started["class_uid"], started["activity_id"]) == (3002, 7)
    assert started["type_uid"] == 300207
    assert started["account_switch_type_id"] == 2
    assert started["account_switch_type"] == "Impersonate"
    assert started["actor"]["user"]["name"] == "sam"
    assert started["user"] == {"uid": "7", "name": "anna", "type_id": 1}
    assert started["service"] == {"name": "shop.example"}
    assert started["session"]["uid"] == str(grant.pk)
    until = grant.expires_at.timestamp() * 1000
    assert abs(started["session"]["expiration_time"] - until) < 1
    assert started["status_detail"] == grant.reason
    assert (ended["activity_id"], ended["type_uid"]) == (2, 300202)
    assert ended["session"]["expiration_reason"] == "forced"
    assert ended["metadata"]["correlation_uid"] == str(grant.pk)
    at = AuditEvent.objects.get(seq=3).occurred_at.timestamp() * 1000
    assert abs(ended["time"] - at) < 1


def test_ocsf__of_a_request(history: History) -> None:
    grant = history.start()
    history.request(grant, status=500)

    event = documents("ocsf")[-1]

    assert (event["class_uid"], event["activity_id"]) == (6003, 2)
    assert event["api"]["operation"] == "GET orders"
    assert event["http_request"] == {"http_method": "GET", "url": {"path": "/orders/"}}
    assert event["http_response"] == {"code": 500}
    assert event["resources"][0]["name"] == "anna"
    assert event["actor"] == {
        "user": {"uid": "2", "name": "sam", "type_id": 1},
        "session": {"uid": str(grant.pk)},
    }
