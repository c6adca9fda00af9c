"""Events in the Elastic Common Schema.

`user` is who acted, `user.effective` as whom: the pattern of ECS for a change of
privilege (ECS reference, "Using the user fields").
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kc_exchange.impersonation.audit.reading import Record

VERSION = "8.17.0"
_OUTCOMES = {"success", "failure", "unknown"}
_IAM, _SESSION, _WEB, _LOGIN = "iam", "session", "web", "authentication"
_KINDS: dict[str, tuple[str, list[str], list[str]]] = {
    "start.requested": ("impersonation-request", [_IAM], ["user", "info"]),
    "start.granted": (
        "impersonation-start",
        [_IAM, _SESSION],
        ["user", "info", "start"],
    ),
    "start.denied": ("impersonation-denied", [_IAM], ["user", "info"]),
    "grant.ended": ("impersonation-end", [_IAM, _SESSION], ["user", "info", "end"]),
    "request.started": ("impersonated-request", [_WEB], ["access"]),
    "request.finished": ("impersonated-response", [_WEB], ["access"]),
    "request.refused": ("impersonated-request-refused", [_WEB], ["access", "error"]),
    "token.issued": ("token-issued", [_LOGIN], ["info"]),
    "token.denied": ("token-denied", [_LOGIN], ["info"]),
    "token.revoked": ("token-revoked", [_LOGIN], ["info"]),
    "token.revocation_failed": ("token-revocation-failed", [_LOGIN], ["info"]),
}
"""Type of an event: `event.action`, `event.category`, `event.type`."""


def as_ecs(record: Record) -> dict[str, Any]:
    """Return the event as an ECS document.

    What ECS has no field for is below `kc_exchange`.
    """
    action, category, kinds = _KINDS.get(
        record.type, (record.type, ["iam"], ["user", "info"])
    )
    document = {
        "@timestamp": record.occurred_at,
        "ecs": {"version": VERSION},
        "event": {
            "kind": "event",
            "category": category,
            "type": kinds,
            "action": action,
            "outcome": record.outcome if record.outcome in _OUTCOMES else "unknown",
            "reason": record.code or record.detail("reason"),
            "code": record.type,
            "id": record.event_id,
            "sequence": record.seq,
            "hash": record.hash,
            "module": "kc_exchange",
            "dataset": "kc_exchange.audit",
            "provider": "kc_exchange",
        },
        "user": _users(record),
        "related": {"user": _names(record)},
        "kc_exchange": _own(record),
    }
    _add_request(document, record)
    return document


def _users(record: Record) -> dict[str, Any]:
    users: dict[str, Any] = _user(record.operator)
    if record.target is not None:
        users["effective"] = _user(record.target)
    return users


def _user(person: dict[str, str]) -> dict[str, str]:
    return {key: person[key] for key in ("id", "name") if person.get(key)}


def _names(record: Record) -> list[str]:
    names = [record.operator.get("name", ""), (record.target or {}).get("name", "")]
    return list(dict.fromkeys(filter(None, names)))


def _own(record: Record) -> dict[str, Any]:
    own: dict[str, Any] = {"code": record.code, "details": record.details}
    if record.grant:
        own["grant"] = {"id": record.grant}
    for who, person in (("operator", record.operator), ("target", record.target)):
        known = {k: v for k, v in (person or {}).items() if k in {"iss", "sub"} and v}
        if known:
            own[who] = known
    return own


def _add_request(document: dict[str, Any], record: Record) -> None:
    address = valid_address(record.detail("ip"))
    if address:
        document["source"] = {"ip": address}
        document["related"]["ip"] = [address]
    if record.detail("ua"):
        document["user_agent"] = {"original": record.detail("ua")}
    if record.detail("path"):
        document["url"] = {"path": record.detail("path")}
    request = {"method": record.detail("method"), "id": record.detail("request_id")}
    http: dict[str, Any] = {}
    if any(request.values()):
        http["request"] = {key: value for key, value in request.items() if value}
    if type(record.details.get("status")) is int:
        http["response"] = {"status_code": record.details["status"]}
    if http:
        document["http"] = http


def valid_address(text: str) -> str:
    """Return `text` if it is an IP address, else nothing: the field takes no other."""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
