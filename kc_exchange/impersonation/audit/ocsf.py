"""Events in the Open Cybersecurity Schema Framework, 1.6.0.

A start is class 3002 Authentication, activity 7 Account Switch, of type 2 Impersonate;
an end is activity 2 Logoff. What is done under a grant is class 6003 API Activity. In
both `actor.user` is the operator; the target is `user`, or the resource that is
affected.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from kc_exchange.impersonation.audit.ecs import valid_address
from kc_exchange.impersonation.audit.event import VERSION as EVENT_VERSION

if TYPE_CHECKING:
    from kc_exchange.impersonation.audit.reading import Record

VERSION = "1.6.0"
_LOGIN = {
    "category_uid": 3,
    "category_name": "Identity & Access Management",
    "class_uid": 3002,
    "class_name": "Authentication",
}
_API = {
    "category_uid": 6,
    "category_name": "Application Activity",
    "class_uid": 6003,
    "class_name": "API Activity",
}
_ACTIVITIES = {
    "start.requested": (7, "Account Switch"),
    "start.granted": (7, "Account Switch"),
    "start.denied": (7, "Account Switch"),
    "grant.ended": (2, "Logoff"),
}
_METHODS = {
    "GET": (2, "Read"),
    "HEAD": (2, "Read"),
    "OPTIONS": (2, "Read"),
    "POST": (1, "Create"),
    "PUT": (3, "Update"),
    "PATCH": (3, "Update"),
    "DELETE": (4, "Delete"),
}
_HTTP_METHODS = {*_METHODS, "CONNECT", "TRACE"}
_OTHER = 99
_STATUS = {"success": (1, "Success"), "failure": (2, "Failure")}
_AFFECTED = 3


def as_ocsf(record: Record, service: str = "kc_exchange") -> dict[str, Any]:
    """Return the event as an OCSF event; `service` is the name of this site."""
    if record.type.startswith("request."):
        return {**_common(record), **_request(record, service)}
    return {**_common(record), **_switch(record, service)}


def _common(record: Record) -> dict[str, Any]:
    status_id, status = _STATUS.get(record.outcome, (0, "Unknown"))
    failed = record.outcome == "failure"
    target = (record.target or {}).get("name") or "nobody"
    event: dict[str, Any] = {
        "time": milliseconds(record.occurred_at),
        "severity_id": 2 if failed else 1,
        "severity": "Low" if failed else "Informational",
        "status_id": status_id,
        "status": status,
        "message": f"{record.type}: {record.operator.get('name', '')} as {target}",
        "metadata": {
            "version": VERSION,
            "product": {"name": "kc_exchange", "vendor_name": "kc_exchange"},
            "log_name": "kc_exchange.audit",
            "log_provider": "kc_exchange",
            "log_version": str(EVENT_VERSION),
            "event_code": record.type,
            "original_time": record.occurred_at,
            "sequence": record.seq,
            "uid": record.event_id,
        },
        "unmapped": {"hash": record.hash, "details": record.details},
    }
    if record.grant:
        event["metadata"]["correlation_uid"] = record.grant
    if record.code:
        event["status_code"] = record.code
    if record.detail("reason"):
        event["status_detail"] = record.detail("reason")
    return event


def _switch(record: Record, service: str) -> dict[str, Any]:
    other = (_OTHER, record.type)
    activity, name = _ACTIVITIES.get(record.type, other)
    event = {
        **_LOGIN,
        **_activity(_LOGIN["class_uid"], activity, name),
        "actor": _actor(record),
        "user": _user(record.target),
        "service": {"name": record.detail("audience") or service},
        "session": _session(record),
        "is_remote": True,
    }
    if activity == 7:  # noqa: PLR2004 - Account Switch
        event |= {"account_switch_type_id": 2, "account_switch_type": "Impersonate"}
    if record.type.startswith("token."):
        event |= {"auth_protocol_id": 6, "auth_protocol": "OAUTH 2.0"}
    address = valid_address(record.detail("ip"))
    if address:
        event["src_endpoint"] = {"ip": address}
    if record.detail("ua"):
        event["http_request"] = {"user_agent": record.detail("ua")}
    return event


def _request(record: Record, service: str) -> dict[str, Any]:
    method = record.detail("method")
    activity, name = _METHODS.get(method, (_OTHER, method))
    path = record.detail("path")
    request: dict[str, Any] = {"uid": record.detail("request_id")}
    if method in _HTTP_METHODS:
        request["http_method"] = method
    if path:
        request["url"] = {"path": path}
    address = valid_address(record.detail("ip"))
    event = {
        **_API,
        **_activity(_API["class_uid"], activity, name),
        "actor": _actor(record),
        "api": {
            "operation": f"{method} {record.detail('route') or path}",
            "service": {"name": service},
        },
        "http_request": {key: value for key, value in request.items() if value},
        "resources": [_resource(record.target)],
        "src_endpoint": {"ip": address} if address else {"name": "not recorded"},
    }
    if type(record.details.get("status")) is int:
        event["http_response"] = {"code": record.details["status"]}
    return event


def _activity(class_uid: Any, activity: int, name: str) -> dict[str, Any]:
    return {
        "activity_id": activity,
        "activity_name": name,
        "type_uid": class_uid * 100 + activity,
    }


def _actor(record: Record) -> dict[str, Any]:
    actor: dict[str, Any] = {"user": _user(record.operator)}
    if record.grant:
        actor["session"] = {"uid": record.grant}
    return actor


def _user(person: dict[str, str] | None) -> dict[str, Any]:
    if not person or not (person.get("id") or person.get("name")):
        return {"name": "unknown", "type_id": 0}
    named = {
        "uid": person.get("id"),
        "name": person.get("name"),
        "uid_alt": person.get("sub"),
        "domain": person.get("iss"),
    }
    return {**{key: value for key, value in named.items() if value}, "type_id": 1}


def _resource(person: dict[str, str] | None) -> dict[str, Any]:
    user = _user(person)
    role = {"type": "account", "role": "Affected", "role_id": _AFFECTED}
    return {k: user[k] for k in ("uid", "name", "uid_alt") if k in user} | role


def _session(record: Record) -> dict[str, Any]:
    session: dict[str, Any] = {"is_remote": True}
    if record.grant:
        session["uid"] = record.grant
    if record.detail("expires_at"):
        session["expiration_time"] = milliseconds(record.detail("expires_at"))
    if record.type == "grant.ended":
        session["expiration_reason"] = record.code
    return session


def milliseconds(text: str) -> int:
    """Return an RFC 3339 time as milliseconds since 1970; 0 where it is none."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return 0
