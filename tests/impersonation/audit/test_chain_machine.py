"""Whatever is appended, rolled back or cut short, and then tampered with."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from django.conf import settings as project
from django.db import connections, transaction
from django.test import override_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit.chain import append
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent, AuditHead
from tests.impersonation.audit.history import ORIGIN, History
from tests.impersonation.audit.tools import Router, connected

ALIAS = "record"
TEXTS = st.text(st.characters(codec=None, categories=None), max_size=30)
COLUMNS = {
    "type": "grant.ended",
    "outcome": "unknown",
    "code": "other",
    "occurred_at": "2020-01-01 00:00:00",
    "operator_id": "99",
    "operator_name": "somebody else",
    "target_id": "98",
    "target_name": "nobody",
    "event_id": "0" * 32,
    "grant_id": "1" * 32,
}


def event(text: str) -> audit.Event:
    """Return an event that says `text`."""
    sam = Person(id="2", name="sam")
    return audit.Event(type="token.issued", operator=sam, details={"scope": text})


class Chain(RuleBasedStateMachine):
    """A record in a SQLite file; `said` is what must be in it, in order."""

    migrated: Path

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.running = ExitStack()
        self.folder = Path(mkdtemp())
        self.running.callback(shutil.rmtree, self.folder)
        self.path = self.folder / "record.sqlite3"
        shutil.copy(self.migrated, self.path)
        self.running.enter_context(connected(ALIAS, NAME=str(self.path)))
        self.history = History(ALIAS)
        keys = [str(self.history.signer.verifier)]
        named = {"AUDIT": {"ORIGIN": ORIGIN, "VERIFY_KEYS": keys}}
        self.running.enter_context(
            override_settings(
                DATABASE_ROUTERS=[Router(ALIAS)],
                KC_EXCHANGE={**project.KC_EXCHANGE, **named},
            )
        )

    def teardown(self) -> None:
        """Verify what is left, and clear away."""
        try:
            assert self.history.verify().is_sound
        finally:
            self.running.close()

    @rule(text=TEXTS)
    def record(self, text: str) -> None:
        """Record one event."""
        audit.record(event(text))
        self.said.append(text)

    @rule(texts=st.lists(TEXTS, max_size=4))
    def commit(self, texts: list[str]) -> None:
        """Commit some together."""
        audit.committed(lambda append: [append(event(text)) for text in texts])
        self.said += texts

    @rule(texts=st.lists(TEXTS, min_size=1, max_size=3))
    def roll_back(self, texts: list[str]) -> None:
        """Let the work fail after it has appended."""

        def work(append: audit.Append) -> None:
            for text in texts:
                append(event(text))
            raise KeyError

        with suppress(KeyError):
            audit.committed(work)

    @rule(text=TEXTS, moves_head=st.booleans())
    def crash(self, text: str, moves_head: bool) -> None:
        """Lose the connection before the commit, the head moved or not."""
        with suppress(KeyError), transaction.atomic(using=ALIAS):
            row = append(event(text), ALIAS)
            if moves_head:
                assert AuditHead.objects.get().size == row.seq
            connections[ALIAS].close()
            raise KeyError

    @rule(texts=st.lists(TEXTS, max_size=3), fails=st.booleans())
    def wait(self, texts: list[str], fails: bool) -> None:
        """Record in a view's transaction, which is committed or rolled back."""
        with audit.pending(), transaction.atomic(using=ALIAS):
            for text in texts:
                audit.record(event(text))
            transaction.set_rollback(fails, using=ALIAS)
        self.said += texts

    @invariant()
    def has_all(self) -> None:
        """Check that each event is there once, under its number, and nothing else."""
        assert self.history.size == len(self.said)
        rows = AuditEvent.objects.order_by("seq").values_list("seq", flat=True)
        assert list(rows) == list(range(1, len(self.said) + 1))

    @precondition(lambda self: self.said)
    @rule(data=st.data(), kind=st.sampled_from(["bit", "column", "link", "out"]))
    def tamper(self, data: Any, kind: str) -> None:
        """Change one record; `verify` names it. Then put it back."""
        seq = data.draw(st.integers(1, len(self.said)))
        before = self._kept()
        self.history.owner.drop_triggers()
        getattr(self, f"_tamper_{kind}")(data, seq)
        report = self.history.verify()
        assert report.first is not None
        assert (report.exit_code, report.first.seq) == (1, seq)
        self._put_back(before)

    @precondition(lambda self: self.said)
    @rule(data=st.data(), kind=st.sampled_from(["cut", "rewrite"]))
    def tamper_without_a_trace(self, data: Any, kind: str) -> None:
        """Change the record and its hashes; a checkpoint of before shows it."""
        seq = data.draw(st.integers(1, len(self.said)))
        before, checkpoint = self._kept(), self.history.checkpoint()
        owner = self.history.owner
        owner.drop_triggers()
        if kind == "rewrite":
            owner.rewrite(seq, lambda said: said["operator"].update(name="mallory"))
        else:
            digest = owner.hash_before(seq)
            owner.run(f"DELETE FROM kc_exchange_auditevent WHERE seq >= {seq}")
            owner.set_head(seq - 1, digest)
        assert self.history.verify().is_sound
        assert not self.history.verify(checkpoint).is_sound
        self._put_back(before)

    def _tamper_bit(self, data: Any, seq: int) -> None:
        payload = bytearray(self.history.owner.event(seq).payload)
        place = data.draw(st.integers(0, 8 * len(payload) - 1))
        payload[place // 8] ^= 1 << place % 8
        self.history.owner.update(seq, payload=bytes(payload))

    def _tamper_column(self, data: Any, seq: int) -> None:
        name = data.draw(st.sampled_from(sorted(COLUMNS)))
        self.history.owner.update(seq, **{name: COLUMNS[name]})

    def _tamper_link(self, data: Any, seq: int) -> None:
        name = data.draw(st.sampled_from(["hash", "previous_hash"]))
        self.history.owner.update(seq, **{name: "ab" * 32})

    def _tamper_out(self, _data: Any, seq: int) -> None:
        self.history.owner.delete(seq)

    def _kept(self) -> bytes:
        connections[ALIAS].close()
        return self.path.read_bytes()

    def _put_back(self, before: bytes) -> None:
        connections[ALIAS].close()
        self.path.write_bytes(before)


def test_chain__whatever_happens(migrated: Path, django_db_blocker: Any) -> None:
    """`verify` calls it sound if, and only if, nobody has tampered with it."""
    Chain.migrated = migrated
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    limits = settings(
        max_examples=25, stateful_step_count=15, deadline=None,
        suppress_health_check=slow,
    )  # fmt: skip
    with django_db_blocker.unblock():
        run_state_machine_as_test(Chain, settings=limits)
