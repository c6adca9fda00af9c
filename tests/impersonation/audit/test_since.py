"""Verification from a trusted checkpoint on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kc_exchange.impersonation.audit.notes import Signer
from tests.impersonation.audit.tools import ORIGIN

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History
    from tests.impersonation.audit.owner import Owner


@pytest.fixture
def other() -> Signer:
    return Signer(ORIGIN, Ed25519PrivateKey.generate())


def test_since__reads_what_came_after(history: History) -> None:
    history.write()
    note = history.checkpoint()
    history.write()

    report = history.verify(since=note)

    assert report.is_sound
    assert (report.size, report.since, report.checked) == (18, 9, 9)
    assert report.root == history.verify().root


def test_since__finds_what_was_altered_after(history: History) -> None:
    history.write()
    note = history.checkpoint()
    history.write()
    history.owner.drop_triggers()
    history.owner.update(10, previous_hash="ab" * 32)

    assert history.verify(since=note).first.seq == 10  # type: ignore[union-attr]


@pytest.mark.parametrize("seq", [1, 5, 9])
def test_since__reads_all_where_a_hash_before_it_is_another(
    history: History, seq: int
) -> None:
    """Then it also says which record it was."""
    history.write()
    note = history.checkpoint()
    history.write()
    history.owner.drop_triggers()
    history.owner.update(seq, hash="ab" * 32)

    report = history.verify(since=note)

    assert report.since == 0
    assert report.first
    assert (report.first.reason, report.first.seq) == ("column_changed", seq)


def test_since__finds_a_record_computed_anew_before_it(
    history: History, owner: Owner
) -> None:
    note = history.checkpoint()
    owner.rewrite(3, lambda said: said.update(code="x"))

    assert history.verify(since=note).counts == {"recomputed": 1}


def test_since__reads_no_payload_before_it(history: History, owner: Owner) -> None:
    """That is its price, which the documentation states."""
    note = history.checkpoint()
    owner.update(6, payload=b"{}")

    assert history.verify(since=note).is_sound
    assert not history.verify().is_sound


def test_since__reads_all_where_the_checkpoint_is_not_believed(
    history: History, other: Signer
) -> None:
    history.write()

    report = history.verify(since=history.checkpoint(other))

    assert (report.since, report.checked) == (0, 9)
    assert report.counts == {"checkpoint_unknown_key": 1}


def test_since__agrees_with_older_checkpoints_too(history: History) -> None:
    history.write()
    old = history.checkpoint()
    history.write()
    new = history.checkpoint()
    history.write()

    report = history.verify(old, since=new)

    assert report.is_sound
    assert report.checkpoints == 2
