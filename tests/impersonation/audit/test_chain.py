"""The chain as it is written: numbers, hashes, columns, and one order of locks."""

from __future__ import annotations

import json
import struct
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.db import connections
from django.db.models import CharField
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit.canonical import canonical
from kc_exchange.impersonation.audit.chain import GENESIS, link
from kc_exchange.impersonation.audit.event import _LONGEST, _NAME, columns
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent, AuditHead, GrantToken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.impersonation.audit.history import History

GRANT = UUID("01890000-0000-7000-8000-000000000001")


def event(**changes: Any) -> audit.Event:
    """Return an event that has everything."""
    said: dict[str, Any] = {
        "type": "token.issued",
        "operator": Person(id="2", name="sam", issuer="https://id/", subject="s-2"),
        "target": Person(id="7", name="anna"),
        "grant": GRANT,
        "details": {"audience": "orders-api", "exp": 1_900_000_000},
    }
    return audit.Event(**said | changes)


def test_link__as_it_is_described() -> None:
    """Computed here once more, and once outside of Python's own doing."""
    parts = b"\x00kc_exchange/audit/v1", struct.pack(">Q", 1), bytes(32)
    content = b'{"a":1}'
    whole = b"".join([*parts, struct.pack(">Q", len(content)), content])
    assert link(1, GENESIS, content) == sha256(whole).hexdigest()
    assert link(1, GENESIS, content) == (
        "c685ec7b405aa27cec3b010feff905a21f4efff71f61bbf97897fbedf64a448a"
    )


@pytest.mark.parametrize(
    ("seq", "previous"), [(-1, GENESIS), (1 << 64, GENESIS), (1, "00"), (1, "x" * 64)]
)
def test_link__of_what_is_none(seq: int, previous: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        link(seq, previous, b"")


def test_append__numbers_and_hashes(engine: History) -> None:
    """From 1 without a gap, each over the one before, and the head at the last."""
    before = GENESIS
    for seq in (1, 2, 3):
        row = audit.committed(lambda append: append(event()))
        kept = AuditEvent.objects.get(seq=seq)
        assert (row.seq, row.hash) == (seq, kept.hash)
        assert kept.previous_hash == before
        assert kept.hash == link(seq, before, bytes(kept.payload))
        before = kept.hash
        assert AuditHead.objects.values_list().get() == (1, seq, before)
    assert engine.verify().is_sound


def test_append__what_is_kept(engine: History) -> None:
    """The payload has all of it; the columns what is searched for."""
    row = audit.committed(lambda append: append(event(code="consent_required")))
    kept = AuditEvent.objects.get()
    said = json.loads(bytes(kept.payload))
    assert canonical(said) == bytes(kept.payload)
    assert said == {
        "v": 1,
        "seq": 1,
        "event_id": str(row.event_id),
        "type": "token.issued",
        "outcome": "success",
        "code": "consent_required",
        "occurred_at": kept.occurred_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "operator": {"id": "2", "name": "sam", "iss": "https://id/", "sub": "s-2"},
        "target": {"id": "7", "name": "anna", "iss": "", "sub": ""},
        "grant": str(GRANT),
        "details": {"audience": "orders-api", "exp": 1_900_000_000},
    }
    assert (kept.event_id, kept.event_id.version) == (row.event_id, 7)
    assert (kept.type, kept.outcome, kept.code) == (
        "token.issued", "success", "consent_required",
    )  # fmt: skip
    assert (kept.operator_id, kept.operator_name) == ("2", "sam")
    assert (kept.target_id, kept.target_name) == ("7", "anna")
    assert kept.grant_id == GRANT


def test_append__with_nobody_and_no_grant(engine: History) -> None:
    audit.record(event(target=None, grant=None, details={}))
    kept = AuditEvent.objects.get()
    assert (kept.target_id, kept.target_name, kept.grant_id) == ("", "", None)
    said = json.loads(bytes(kept.payload))
    assert (said["target"], said["grant"], said["details"]) == (None, None, {})
    assert engine.verify().is_sound


def test_append__without_time_zones(history: History, settings: Any) -> None:
    """USE_TZ = False changes nothing of what is hashed, and columns stay in UTC."""
    settings.USE_TZ = False
    settings.TIME_ZONE = "Asia/Kathmandu"
    connections[history.alias].close()
    history.write()
    assert history.verify().is_sound
    kept = AuditEvent.objects.get(seq=1)
    assert kept.occurred_at.tzinfo is None
    said = history.owner.said(1)["occurred_at"]
    assert said == kept.occurred_at.isoformat(timespec="microseconds") + "Z"


def test_append__statements(engine: History) -> None:
    """At most four to the database, the first of which locks the head."""
    audit.record(event())
    with CaptureQueriesContext(connections[engine.alias]) as queries:
        audit.record(event())
    own = ("BEGIN", "COMMIT", "START")
    sent = [
        query["sql"] for query in queries if not query["sql"].upper().startswith(own)
    ]
    assert len(sent) <= 4
    assert "audithead" in sent[0]
    locks = {"sqlite": "UPDATE", "postgresql": "FOR UPDATE", "mysql": "FOR UPDATE"}
    assert locks[connections[engine.alias].vendor] in sent[0]


def test_append__several_in_one_transaction(engine: History) -> None:
    audit.committed(lambda append: [append(event()) for _ in range(3)])
    assert engine.size == 3
    assert engine.verify().is_sound


def test_committed__all_or_nothing(engine: History) -> None:
    """What `work` does and what it appends stays together, and numbers have no gap."""

    def work(append: audit.Append) -> None:
        GrantToken.objects.create(grant_id=GRANT, sealed="", realm="")
        kept_back.append(append(event()).seq)
        raise KeyError("the caller's own")

    kept_back: list[int] = []
    audit.record(event())
    with pytest.raises(KeyError):
        audit.committed(work)
    assert kept_back == [2]
    assert (engine.size, AuditEvent.objects.count()) == (1, 1)
    assert not GrantToken.objects.exists()
    assert audit.committed(lambda append: append(event()).seq) == 2
    assert engine.verify().is_sound


@contextmanager
def after_the_event(do: Any) -> Iterator[None]:
    """Do something after the event is written, and before the head is moved."""

    def receiver(**_kwargs: Any) -> None:
        do()

    post_save.connect(receiver, AuditEvent)
    try:
        yield
    finally:
        post_save.disconnect(receiver, AuditEvent)


def test_append__on_an_engine_that_does_not_lock(history: History) -> None:
    """Whoever moved the head meanwhile, the chain does not fork."""
    history.write()
    history.owner.drop_triggers()
    with (
        after_the_event(lambda: history.owner.set_head(99, GENESIS)),
        pytest.raises(AuditUnavailable, match="changed while it was locked"),
    ):
        audit.record(event())
    assert (history.size, AuditEvent.objects.count()) == (9, 9)
    assert history.verify().is_sound


def test_append__without_a_head(engine: History) -> None:
    """An emptied record does not begin anew as if nothing had been."""
    engine.write()
    engine.owner.drop_triggers()
    engine.owner.run("DELETE FROM kc_exchange_audithead")
    with pytest.raises(AuditUnavailable, match=r"has lost its head.*Fix: Run"):
        audit.record(event())
    assert AuditEvent.objects.count() == 9


@pytest.mark.parametrize("wrong", [{"type": "start"}, {"type": ""}, {"outcome": "ok"}])
def test_event__of_no_type(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="There is no"):
        event(**wrong)


def test_columns__are_as_long_as_in_the_table() -> None:
    fields = [f for f in AuditEvent._meta.concrete_fields if type(f) is CharField]
    texts = {f.name: f.max_length for f in fields if "hash" not in f.name}
    assert texts == {name: _LONGEST.get(name, _NAME) for name in texts}


@pytest.mark.parametrize("said", [{}, {"operator": None}, {"event_id": 5}])
def test_columns__of_what_is_no_payload(said: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        columns(said)
