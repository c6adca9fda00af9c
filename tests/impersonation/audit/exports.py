"""A record with an event of each type, and its exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.impersonation.audit import Event
from kc_exchange.impersonation.audit.export import export
from kc_exchange.models import AuditEvent
from tests.impersonation.audit.history import ANNA, SAM

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History


@pytest.fixture
def all_types(history: History) -> History:
    """Return a record with an event of each type."""
    history.write(requests=1)
    token = {
        "audience": "orders-api", "scope": "orders:read", "jti": "j", "sid": "s",
        "exp": 1_900_000_000, "sha256": "0123456789abcdef", "strategy": "impersonate",
    }  # fmt: skip
    refused = {"method": "POST", "route": "", "path": "/x/", "request_id": "r-1"}
    for kind in AuditEvent.Type.values:
        if not AuditEvent.objects.filter(type=kind).exists():
            details = refused if kind == "request.refused" else token
            fails = kind.endswith(("denied", "refused", "failed"))
            outcome, code = ("failure", "why") if fails else ("success", "")
            people: dict[str, Any] = {"operator": SAM, "target": ANNA}
            if kind == "start.denied":
                people["target"] = None
            history.record(
                Event(type=kind, outcome=outcome, code=code, details=details, **people)
            )
    assert set(AuditEvent.objects.values_list("type", flat=True)) == set(
        AuditEvent.Type.values
    )
    return history


def documents(form: Any, **options: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export(form, **options)]
