"""A record whose content was altered, and what `verify` says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.impersonation.audit.canonical import canonical
from kc_exchange.impersonation.audit.chain import link
from tests.impersonation.audit.tools import found

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History
    from tests.impersonation.audit.owner import Owner


@pytest.mark.parametrize("seq", [1, 6, 13])
def test_payload__has_one_bit_flipped(history: History, owner: Owner, seq: int) -> None:
    payload = bytearray(owner.event(seq).payload)
    payload[payload.index(b"sam")] ^= 0x10

    owner.update(seq, payload=bytes(payload))

    assert found(history) == [("payload_changed", seq)]


@pytest.mark.parametrize("payload", [b"", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_payload__is_replaced_by_something_else(
    history: History, owner: Owner, payload: bytes
) -> None:
    owner.update(6, payload=payload)

    assert found(history) == [("payload_changed", 6)]


def test_payload__is_text_instead_of_bytes(history: History, owner: Owner) -> None:
    """SQLite keeps whatever it is given, in any column."""
    owner.update(6, payload="nothing")

    assert found(history) == [("payload_changed", 6)]


def test_payload__and_columns_are_changed(history: History, owner: Owner) -> None:
    said = owner.said(6)
    said["operator"]["name"] = "anna"

    owner.update(6, payload=canonical(said), operator_name="anna")

    assert found(history) == [("payload_changed", 6)]


def test_payload__and_its_hash_are_changed(history: History, owner: Owner) -> None:
    """The next record still names the hash of what was there."""
    said = {**owner.said(6), "outcome": "failure"}
    event = owner.forge(6, said, owner.hash_before(6))

    owner.delete(6)
    owner.insert(event)

    assert found(history) == [("payload_changed", 6)]


def test_payload__of_the_last_and_its_hash_are_changed(
    history: History, owner: Owner
) -> None:
    """Nothing follows it but the head."""
    event = owner.forge(13, {**owner.said(13), "code": "x"}, owner.hash_before(13))
    owner.delete(13)
    owner.insert(event)

    assert ("head_changed", 13) in found(history)


COLUMNS = {
    "event_id": "0" * 32,
    "type": "start.denied",
    "outcome": "failure",
    "code": "self",
    "occurred_at": "2020-01-01 00:00:00",
    "operator_id": "3",
    "operator_name": "eve",
    "target_id": "8",
    "target_name": "bob",
    "grant_id": None,
    "previous_hash": "ab" * 32,
    "hash": "cd" * 32,
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [4, 13])
def test_column__says_otherwise_than_the_payload(
    history: History, owner: Owner, column: str, seq: int
) -> None:
    owner.update(seq, **{column: COLUMNS[column]})

    report = history.verify()

    assert report.first
    assert (report.first.reason, report.first.seq) == ("column_changed", seq)
    assert column in report.first.sentence
    assert sum(n for r, n in report.counts.items() if "grant" not in r) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("event_id", "no uuid"),
        ("occurred_at", "no date"),
        ("occurred_at", 5),
        ("grant_id", 7.5),
    ],
)
def test_column__cannot_be_read(
    history: History, owner: Owner, column: str, value: Any
) -> None:
    """What Django cannot even convert is a finding, not a traceback."""
    owner.update(6, **{column: value})

    assert ("column_changed", 6) in found(history)


@pytest.mark.parametrize("column", ["code", "payload", "hash", "previous_hash"])
def test_column__is_no_text(history: History, owner: Owner, column: str) -> None:
    """SQLite keeps bytes that are not UTF-8 as text, and Python refuses to read it."""
    owner.run(
        f"UPDATE kc_exchange_auditevent SET {column} = CAST(X'ff' AS TEXT) "
        "WHERE seq = 6"
    )

    report = history.verify()

    assert report.first
    assert report.first.seq == 6


@pytest.mark.parametrize("value", ["", "zz" * 32, "ab", "AB" * 32, "é"])
def test_hash__is_none(history: History, owner: Owner, value: str) -> None:
    owner.update(6, hash=value)

    assert found(history) == [("column_changed", 6)]


@pytest.mark.parametrize("value", ["", "zz" * 32, "ab", "é"])
def test_previous_hash__is_none(history: History, owner: Owner, value: str) -> None:
    owner.update(6, previous_hash=value)

    assert found(history) == [("column_changed", 6)]


def test_payload__and_hash_are_garbage(history: History, owner: Owner) -> None:
    owner.update(6, payload=b"x", hash="y", previous_hash="z")

    assert history.verify().first.seq == 6  # type: ignore[union-attr]


def test_payloads__change_places(history: History, owner: Owner) -> None:
    one, other = owner.event(5), owner.event(6)
    owner.update(5, payload=other.payload)
    owner.update(6, payload=one.payload)

    assert found(history) == [("payload_changed", 5), ("payload_changed", 6)]


def _replaced(owner: Owner, seq: int, payload: bytes) -> None:
    """Replace the payload of the last event, and its hash, and the head's."""
    digest = link(seq, owner.hash_before(seq), payload)
    owner.update(seq, payload=payload, hash=digest)
    owner.set_head(seq, digest)


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b"[]",
        b"not json",
        b"\xff",
        b'{"v":1}',
        b'{"v":1,"v":1}',
        b'{"v":1.5}',
        b"[" * 100_000,
        b'{"v":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"v":' + b"9" * 5_000 + b"}",
    ],
)
def test_payload__is_hashed_and_no_event(
    history: History, owner: Owner, payload: bytes
) -> None:
    """E8, E9: depth, size, duplicate names; a finding each, and no traceback."""
    _replaced(owner, 13, payload)

    report = history.verify()

    assert report.exit_code in {1, 2}
    assert not report.is_sound


@pytest.mark.parametrize("change", [" ", "\n"])
def test_payload__is_hashed_and_not_canonical(
    history: History, owner: Owner, change: str
) -> None:
    _replaced(owner, 13, json.dumps(owner.said(13)).encode() + change.encode())

    assert ("not_canonical", 13) in found(history)


@pytest.mark.parametrize(
    "change",
    [
        {"operator": None},
        {"operator": {}},
        {"details": None},
        {"occurred_at": "yesterday"},
        {"occurred_at": 5},
        {"event_id": "x"},
        {"grant": []},
        {"target": "anna"},
    ],
)
def test_payload__is_hashed_and_lacks_members(
    history: History, owner: Owner, change: dict[str, Any]
) -> None:
    _replaced(owner, 13, canonical({**owner.said(13), **change}))

    assert ("not_canonical", 13) in found(history)
