"""Records taken out, put in or moved, and what `verify` says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.impersonation.audit import rows
from kc_exchange.impersonation.audit.report import Reason
from tests.impersonation.audit.tools import found

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History
    from tests.impersonation.audit.owner import Owner


@pytest.mark.parametrize("first", [1, 2, 6, 12])
def test_event__is_missing(history: History, owner: Owner, first: int) -> None:
    """In the middle, or at the beginning."""
    owner.delete(first)

    report = history.verify()

    assert report.first
    assert (report.first.reason, report.first.seq) == ("missing", first)
    assert report.counts["missing"] == 1
    assert not report.counts["truncated"]


def test_events__are_missing(history: History, owner: Owner) -> None:
    for seq in (5, 6, 7, 10):
        owner.delete(seq)

    report = history.verify()

    assert [(f.reason, f.seq, f.last) for f in report.findings] == [
        (Reason.MISSING, 5, 7),
        (Reason.MISSING, 10, 10),
    ]


def test_event__is_missing_and_the_rest_renumbered(
    history: History, owner: Owner
) -> None:
    owner.delete(6)
    owner.renumber(7, -1)

    assert found(history) == [("missing", 6)]


def test_events__are_missing_and_the_rest_renumbered_with_the_head(
    history: History, owner: Owner
) -> None:
    owner.delete(6)
    owner.delete(7)
    owner.renumber(8, -2)
    owner.set_head(11, owner.event(11).hash)

    assert found(history) == [("missing", 6)]


def test_event__is_written_anew_among_those_that_were_renumbered(
    history: History, owner: Owner
) -> None:
    """One change does not hide another."""
    owner.delete(6)
    owner.renumber(7, -1)
    said = {**owner.said(9), "code": "x"}
    event = owner.forge(said["seq"], said, owner.hash_before(9))
    event.seq = 9
    owner.delete(9)
    owner.insert(event)

    assert found(history) == [("missing", 6), ("payload_changed", 9)]


def test_tail__is_cut_off(history: History, owner: Owner) -> None:
    """The head knows how many there were."""
    owner.delete(13)
    owner.delete(12)

    report = history.verify()

    assert report.first
    assert report.first.reason == Reason.TRUNCATED
    assert (report.first.seq, report.first.last) == (12, 13)


def test_tail__is_cut_off_with_its_head(history: History, owner: Owner) -> None:
    """Only a checkpoint shows it, or the grant that has lost its end."""
    note = history.checkpoint()
    owner.delete(13)
    owner.set_head(12, owner.event(12).hash)

    without = found(history)
    assert without == [("grant_changed", 2)]
    assert found(history, note) == [("truncated", 13), ("grant_changed", 2)]


def test_record__is_emptied(history: History, owner: Owner) -> None:
    note = history.checkpoint()
    owner.run("DELETE FROM kc_exchange_auditevent")

    assert ("truncated", 1) in found(history)
    owner.set_head(0, "0" * 64)
    assert [reason for reason, _ in found(history)] == ["grant_unrecorded"]
    assert ("truncated", 1) in found(history, note)


def test_event__is_put_in_between(history: History, owner: Owner) -> None:
    """With a number, columns and a hash of its own that fit."""
    said = {**owner.said(6), "event_id": "018f0000-0000-7000-8000-000000000000"}
    owner.renumber(6, 1)
    owner.insert(owner.forge(6, said, owner.hash_before(6)))

    assert found(history) == [("inserted", 6)]


def test_event__is_put_in_between_with_any_hash(history: History, owner: Owner) -> None:
    owner.renumber(6, 1)
    event = owner.forge(6, {**owner.said(5), "event_id": "018f" + "0" * 28}, "0" * 64)
    event.hash = "ab" * 32
    owner.insert(event)

    assert found(history) == [("inserted", 6)]


def test_event__is_added_past_the_head(history: History, owner: Owner) -> None:
    said = {**owner.said(12), "event_id": "018f" + "0" * 28}
    owner.insert(owner.forge(14, said, owner.hash_before(14)))

    assert found(history) == [("inserted", 14)]


@pytest.mark.parametrize(("one", "other"), [(5, 6), (4, 11), (12, 13)])
def test_events__change_places(
    history: History, owner: Owner, one: int, other: int
) -> None:
    owner.update(one, seq=99)
    owner.update(other, seq=one)
    owner.update(99, seq=other)

    report = history.verify()

    assert [(f.reason, f.seq) for f in report.findings] == [(Reason.SWAPPED, one)]
    assert f"record {other}" in report.findings[0].sentence


def test_number__is_there_twice(history: History, owner: Owner) -> None:
    owner.without_constraints()
    owner.copy(6)

    assert found(history) == [("duplicated", 6)]


@pytest.mark.parametrize("size", [5, 6, 7])
def test_number__is_there_twice_at_the_end_of_a_page(
    history: History, owner: Owner, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """The second one must not fall between two pages, and none is read twice."""
    owner.without_constraints()
    owner.copy(6)
    monkeypatch.setattr(rows, "PAGE", size)

    assert found(history) == [("duplicated", 6)]


def test_event__is_copied_in_between(history: History, owner: Owner) -> None:
    owner.without_constraints()
    owner.renumber(9, 1)
    owner.copy(6)
    owner.renumber_newest(9)

    assert found(history) == [("duplicated", 9)]


@pytest.mark.parametrize("number", [None, "abc", -1, 0, 5.5])
def test_number__is_none(history: History, owner: Owner, number: Any) -> None:
    """A table without its key takes anything for a number."""
    owner.without_constraints()
    owner.copy(6)
    owner.renumber_newest(number)

    assert ("inserted", None) in found(history)


@pytest.mark.parametrize(
    ("size", "digest"), [(13, "ab" * 32), (13, ""), (13, "0" * 64)]
)
def test_head__has_another_hash(
    history: History, owner: Owner, size: int, digest: str
) -> None:
    owner.set_head(size, digest)

    assert found(history) == [("head_changed", 13)]


def test_head__is_set_back(history: History, owner: Owner) -> None:
    owner.set_head(10, owner.event(10).hash)

    assert found(history) == [("inserted", 11)]


def test_head__is_set_forward(history: History, owner: Owner) -> None:
    owner.set_head(20, owner.event(13).hash)

    assert found(history) == [("truncated", 14)]


@pytest.mark.parametrize(
    ("column", "value"),
    [("size", "abc"), ("size", 4.5), ("size", -5), ("hash", b"x"), ("id", 7)],
)
def test_head__is_no_head(
    history: History, owner: Owner, column: str, value: Any
) -> None:
    owner.run(f"UPDATE kc_exchange_audithead SET {column} = %s", value)

    assert found(history)[0][0] == "head_changed"


def test_head__is_not_text(history: History, owner: Owner) -> None:
    owner.run("UPDATE kc_exchange_audithead SET hash = CAST(X'ff' AS TEXT)")

    assert found(history) == [("head_changed", 13)]


def test_head__is_joined_by_another(history: History, owner: Owner) -> None:
    """The record has one head, with the number 1."""
    owner.run("INSERT INTO kc_exchange_audithead (id, size, hash) VALUES (0, 0, '')")

    assert found(history) == []


def test_head__of_an_empty_record_is_gone(history: History) -> None:
    history.owner.drop_triggers()
    history.owner.run("DELETE FROM kc_exchange_audithead")

    assert found(history) == [("head_changed", None)]


def test_head__is_gone(history: History, owner: Owner) -> None:
    owner.run("DELETE FROM kc_exchange_audithead")

    assert found(history) == [("head_changed", 13)]
