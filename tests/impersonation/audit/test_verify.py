"""What `verify` says of a record as a whole, and how it reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections, transaction

from kc_exchange.impersonation.audit import Event, chain, rows
from kc_exchange.impersonation.people import Person
from tests.impersonation.audit.tools import found

if TYPE_CHECKING:
    import pytest

    from tests.impersonation.audit.history import History
    from tests.impersonation.audit.owner import Owner


def test_verify__of_an_empty_record(history: History) -> None:
    report = history.verify()

    assert report.is_sound
    assert report.size == 0
    assert report.root.hex().startswith("e3b0c442")


def test_verify__of_a_sound_record(history: History) -> None:
    history.write()

    report = history.verify()

    assert (report.exit_code, report.size, report.checked) == (0, 9, 9)
    assert not report.warnings
    assert not report.notes
    assert report.verdict == "Sound: 9 events, each link checked."


def test_record__is_computed_anew(history: History, owner: Owner) -> None:
    """Every hash fits: only what was signed before shows it."""
    note = history.checkpoint()

    owner.rewrite(6, lambda said: said["details"].update(path="/other/"))

    assert found(history) == []
    assert found(history, note) == [("recomputed", 1)]


def test_record__is_computed_anew_by_another_version(
    history: History, owner: Owner
) -> None:
    """What is newer than this program can be called neither sound nor tampered with."""
    owner.rewrite(13, lambda said: said.update(v=2))

    report = history.verify()

    assert report.exit_code == 2
    assert report.verdict.startswith("Cannot tell. Record 13 ")


def test_columns__of_a_database_without_unicode(history: History) -> None:
    """They are escaped where the database takes ASCII alone; the payload is not."""
    event = Event(
        type="token.issued", operator=Person(id="2", name="Z\u00fcrich \u6771\u4eac")
    )
    with transaction.atomic(using=history.alias):
        chain.append(event, history.alias, ascii_only=True)

    assert history.owner.event(1).operator_name == "Z\\u00fcrich \\u6771\\u4eac"
    assert history.verify().is_sound
    history.owner.drop_triggers()
    history.owner.update(1, operator_name="Z?rich")
    assert found(history) == [("column_changed", 1)]


def test_findings__are_counted_and_the_first_is_named(
    history: History, owner: Owner
) -> None:
    for seq in (12, 4, 8):
        owner.update(seq, target_name="bob")

    report = history.verify()

    assert report.first
    assert report.first.seq == 4
    assert report.counts == {"column_changed": 3}
    assert report.verdict == (
        "Tampered with. Record 4: Its payload says otherwise than target_name. "
        "(column_changed) And 2 more."
    )


def test_findings__are_listed_up_to_a_hundred(history: History) -> None:
    history.write(requests=60)
    history.owner.drop_triggers()
    history.owner.run("UPDATE kc_exchange_auditevent SET outcome = 'unknown'")

    report = history.verify()

    assert len(report.findings) == 100
    assert report.counts == {"column_changed": 123}


def test_pages__change_nothing(
    history: History, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change at each place of a page is found, whatever the size of the pages."""
    monkeypatch.setattr(rows, "PAGE", 4)
    assert found(history) == []
    for seq in range(1, 14):
        before = bytes(owner.event(seq).payload)
        owner.update(seq, payload=before + b" ")
        assert found(history) == [("payload_changed", seq)], seq
        owner.update(seq, payload=before)


def test_verify__reads_page_by_page(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No query takes more rows than a page has, so memory does not grow."""
    history.write(requests=20)
    monkeypatch.setattr(rows, "PAGE", 10)
    taken = []

    def counted(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        taken.append(sql)
        return execute(sql, params, many, context)

    with connections["record"].execute_wrapper(counted):
        assert history.verify().is_sound

    reads = [sql for sql in taken if "payload" in sql and "previous_hash" in sql]
    assert len(reads) >= 5
    assert all("LIMIT 10" in sql for sql in reads)


def test_verify__while_somebody_writes(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that come while it reads are not looked at, and spoil nothing."""
    grant = history.start()
    monkeypatch.setattr(rows, "PAGE", 2)
    wrote: list[str] = []

    def busy(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if "auditevent" in sql and len(wrote) < 5 and sql.startswith("SELECT"):
            wrote.append(sql)
            history.request(grant)
        return execute(sql, params, many, context)

    with connections["record"].execute_wrapper(busy):
        report = history.verify()

    assert len(wrote) == 5
    assert report.is_sound, report.verdict
    assert history.verify().size == 12
