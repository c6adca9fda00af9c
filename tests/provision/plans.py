"""Two documents, and the one change between them."""

from __future__ import annotations

from typing import Any

from kc_exchange.provision.change import Call, Change
from kc_exchange.provision.draft import Wanted
from kc_exchange.provision.found import Found
from kc_exchange.provision.planning import plan


def wants(permitted: Any = None, first: Any = None, **document: Any) -> Wanted:
    return Wanted(
        name="acme",
        issuer="https://id.example/realms/acme",
        document={"realm": "acme", **document},
        first=first or {},
        permitted=permitted or {},
    )


def has(permitted: Any = None, **document: Any) -> dict[str, Found]:
    return {"acme": Found({"realm": "acme", **document}, permitted or {})}


def one(wanted: Wanted, found: dict[str, Found]) -> Change:
    (change,) = plan([wanted], found)
    return change


def body(change: Change) -> Any:
    """What the call of a change sends."""
    assert isinstance(change.act, Call)
    return change.act.body
