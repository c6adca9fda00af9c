"""The record against signed checkpoints: what only they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kc_exchange.impersonation.audit.notes import Signer
from kc_exchange.impersonation.audit.report import CannotTell, Reason
from tests.impersonation.audit.tools import ORIGIN, found

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History
    from tests.impersonation.audit.owner import Owner


@pytest.fixture
def other() -> Signer:
    return Signer(ORIGIN, Ed25519PrivateKey.generate())


def test_checkpoints__of_a_record_that_has_grown(history: History) -> None:
    notes = [history.checkpoint()]
    for _ in range(3):
        history.write()
        notes.append(history.checkpoint())

    report = history.verify(*notes)

    assert report.is_sound
    assert report.checkpoints == 4


def test_checkpoint__by_an_unknown_key(history: History, other: Signer) -> None:
    history.write()

    assert found(history, history.checkpoint(other)) == [
        ("checkpoint_unknown_key", None)
    ]


def test_checkpoint__by_a_retired_key(
    history: History, other: Signer, settings: Any
) -> None:
    """A key that is no longer in VERIFY_KEYS is no longer believed."""
    history.write()
    note = history.checkpoint()
    audit = {**settings.KC_EXCHANGE["AUDIT"], "VERIFY_KEYS": [str(other.verifier)]}

    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "AUDIT": audit}

    assert found(history, note) == [("checkpoint_unknown_key", None)]
    audit = {
        **audit,
        "VERIFY_KEYS": [*audit["VERIFY_KEYS"], str(history.signer.verifier)],
    }
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "AUDIT": audit}
    assert found(history, note) == []


def test_checkpoint__was_altered(history: History) -> None:
    history.write()
    note = history.checkpoint().replace(b"\n9\n", b"\n8\n")

    assert found(history, note) == [("checkpoint_bad_signature", None)]


def test_checkpoint__is_of_another_record(history: History) -> None:
    history.write()
    note = history.checkpoint(origin="shop.example/test")

    assert found(history, note) == [("checkpoint_other_origin", None)]


def test_checkpoint__is_none(history: History) -> None:
    """That says nothing of the record: it is neither sound nor tampered with."""
    with pytest.raises(CannotTell, match="Checkpoint 1 is none"):
        history.verify(b"nothing")


def test_checkpoint__is_of_more_events_than_there_are(history: History) -> None:
    history.write()

    report = history.verify(history.checkpoint(size=12))

    assert report.first
    assert report.first.reason == Reason.TRUNCATED
    assert (report.first.seq, report.first.last) == (10, 12)


def test_checkpoints__contradict_each_other(history: History) -> None:
    """Two histories of one size were signed."""
    history.write()
    notes = history.checkpoint(), history.checkpoint(root=b"\x07" * 32)

    assert found(history, *notes) == [("checkpoint_inconsistent", None)]


def test_checkpoints__contradict_each_other_and_the_record(history: History) -> None:
    history.write()
    notes = [history.checkpoint(root=bytes([number]) * 32) for number in (7, 8)]

    assert found(history, *notes) == [("checkpoint_inconsistent", None)] * 2


def test_checkpoints__of_two_sizes_contradict_each_other(history: History) -> None:
    """The record agrees with the later one, so the earlier one was never of it."""
    grant = history.start()
    early = history.checkpoint(root=b"\x07" * 32)
    history.end(grant)
    late = history.checkpoint()

    assert found(history, late, early) == [("checkpoint_inconsistent", None)]


def test_record__was_computed_anew_between_two_checkpoints(
    history: History, owner: Owner
) -> None:
    """What the earlier one covers is sound; the rest is not."""
    early = history.checkpoint()
    history.write()
    late = history.checkpoint()

    owner.rewrite(15, lambda said: said.update(code="x"))

    report = history.verify(late, early)
    assert [(f.reason, f.seq, f.last) for f in report.findings] == [
        (Reason.RECOMPUTED, 14, 22)
    ]
    assert report.checkpoints == 1


def test_record__is_emptied_and_begun_anew(history: History, owner: Owner) -> None:
    note = history.checkpoint()
    owner.run("DELETE FROM kc_exchange_auditevent")
    owner.run("DELETE FROM kc_exchange_impersonationgrant")
    owner.set_head(0, "0" * 64)
    history.write(requests=5)

    assert found(history) == []
    assert found(history, note) == [("recomputed", 1)]


def test_checkpoint__of_a_record_with_a_known_gap(
    history: History, owner: Owner
) -> None:
    """One cause, one finding: that the root is another follows from the gap."""
    note = history.checkpoint()
    owner.delete(6)

    assert found(history, note) == [("missing", 6)]


def test_checkpoint__of_a_record_with_a_gap_further_on(
    history: History, owner: Owner
) -> None:
    """The gap does not explain why what came before it has another root."""
    note = history.checkpoint()
    history.write()
    owner.rewrite(3, lambda said: said.update(code="x"))
    owner.delete(20)

    assert found(history, note) == [("recomputed", 1), ("missing", 20)]


def test_checkpoint__of_a_record_with_a_changed_payload(
    history: History, owner: Owner
) -> None:
    """The hashes are still those that were signed: the payload is what was changed."""
    note = history.checkpoint()
    owner.update(6, payload=b"{}")

    report = history.verify(note)

    assert report.counts == {"payload_changed": 1}
    assert report.checkpoints == 1


def test_checkpoint__is_not_explained_away(history: History, owner: Owner) -> None:
    """A small change elsewhere must not hide that all was computed anew."""
    note = history.checkpoint()
    owner.rewrite(3, lambda said: said.update(code="x"))
    owner.update(9, target_name="bob")

    assert found(history, note) == [("recomputed", 1), ("column_changed", 9)]
