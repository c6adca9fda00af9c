"""Each record of the chain against the one before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.impersonation.audit.chain import link
from kc_exchange.impersonation.audit.payloads import parsed
from kc_exchange.impersonation.audit.report import Finding, Reason
from kc_exchange.impersonation.audit.rows import row_at

if TYPE_CHECKING:
    from kc_exchange.impersonation.audit.report import Report
    from kc_exchange.impersonation.audit.rows import Extent, Row

_LARGEST = 1 << 63


class Links:
    """The walk along the chain; it says which record is wrong, not only that one is.

    `seq` is the number of the last record, `last` the hash that the next one follows.
    """

    def __init__(self, report: Report, alias: str, seq: int, last: str) -> None:
        self.seq = seq
        self.last = last
        self._report = report
        self._alias = alias
        self._shift = 0
        """How far the numbers in the payloads are ahead of those of their rows."""
        self._pending: Finding | None = None
        """The last finding; what comes next may explain it better."""
        self.other_leaves: int | None = None
        """The first number from where on the hashes are known to be others."""

    @property
    def reach(self) -> int:
        """The number that the last record had when it was written."""
        return self.seq + max(0, self._shift)

    def take(self, row: Row, said: dict[str, Any] | None, follower: str) -> bool:
        """Check a row; return whether its payload is one that was hashed.

        Args:
            row: the next one.
            said: its payload, parsed; None where it cannot be.
            follower: what the row after it names as the hash it follows.
        """
        if row.seq == self.seq:
            self._note(Reason.DUPLICATED, row.seq, "There are several of this number.")
            return False
        if row.seq > self.seq + 1:
            self._gap(row)
        self.seq = row.seq
        computed = _linked(row.seq, self.last, row.payload)
        if row.previous_hash == self.last and row.hash == computed:
            self.last = row.hash
            return True
        before, self.last = self.last, row.hash
        own = said.get("seq") if said else None
        if type(own) is int and own != row.seq and _fits(row, own):
            self._moved(row, own, before)
            return True
        return self._changed(row, before, computed, follower)

    def finish(self, extent: Extent) -> None:
        """Compare the end of the walk with what the head says."""
        size = extent.size
        if size is None:
            text = "There is no head after it, or none that can be read."
            self._note(Reason.HEAD_CHANGED, self.seq, text)
        elif self.seq < size and self.seq + self._shift < size:
            text = f"The record ends before it; its head speaks of {size} events."
            self._note(Reason.TRUNCATED, self.seq + 1, text, last=size)
        elif self._shift == 0 and extent.hash != self.last:
            text = "The head has another hash than it: one of the two was changed."
            self._note(Reason.HEAD_CHANGED, self.seq, text)
        elif extent.highest > size and extent.highest + self._shift != size:
            text = "The head knows nothing of it: it was added past the head, or the "
            text += "head was set back."
            self._note(Reason.INSERTED, size + 1, text, last=extent.highest)
        self._settle()

    def _gap(self, row: Row) -> None:
        first, last = self.seq + 1, row.seq - 1
        self._others_from(first)
        text = "It is missing." if first == last else "They are missing."
        self._note(Reason.MISSING, first, text, last=last)
        self.last = row.previous_hash

    def _moved(self, row: Row, own: int, before: str) -> None:
        """Note that a genuine record has another number than it was hashed with."""
        shift = own - row.seq
        self._others_from(row.seq + min(0, shift))
        if shift == self._shift:
            if row.previous_hash != before:
                self._rewritten(row.seq - 1)
            return
        there = row_at(self._alias, own)
        if there is not None and _number(there) == row.seq:
            if own > row.seq:
                text = f"It and record {own} have changed places."
                self._note(Reason.SWAPPED, row.seq, text)
            self.last = there.hash
        elif there is not None and there.payload == row.payload:
            self._note(Reason.DUPLICATED, row.seq, f"It is a copy of record {own}.")
            self.last = before
        else:
            self._renumbered(row, shift)

    def _renumbered(self, row: Row, shift: int) -> None:
        step, self._shift = shift - self._shift, shift
        if step > 0:
            text = f"{step} were taken out before it, and those after renumbered."
            self._note(Reason.MISSING, row.seq, text)
            return
        first, last = row.seq + step, row.seq - 1
        pending = self._pending
        if pending and pending.reason == Reason.DUPLICATED and pending.seq == last:
            return
        if pending and pending.seq is not None and first <= pending.seq <= last:
            self._pending = None
        text = "It was put in between, and those after renumbered."
        self._note(Reason.INSERTED, first, text, last=last)

    def _changed(
        self, row: Row, before: str, computed: str | None, follower: str
    ) -> bool:
        """Note what is wrong with the row; return whether it is not the payload."""
        if row.hash == computed:
            self._column(row.seq, "previous_hash")
            return True
        if computed and row.previous_hash == before and follower == computed:
            self._column(row.seq, "hash")
            self._others_from(row.seq)
            self.last = computed
            return True
        if _fits(row, row.seq):
            self._rewritten(row.seq - 1)
            return True
        text = "Its payload does not fit its hash."
        self._note(Reason.PAYLOAD_CHANGED, row.seq, text)
        return False

    def _column(self, seq: int, name: str) -> None:
        text = f"Its column {name} is not what the chain says."
        self._note(Reason.COLUMN_CHANGED, seq, text)

    def _others_from(self, seq: int) -> None:
        if self.other_leaves is None:
            self.other_leaves = seq

    def _rewritten(self, seq: int) -> None:
        self._others_from(seq)
        if self._pending is None or self._pending.seq != seq:
            text = "It was written anew with its hash; the next one names the old hash."
            self._note(Reason.PAYLOAD_CHANGED, seq, text)

    def _note(
        self, reason: Reason, seq: int, sentence: str, *, last: int | None = None
    ) -> None:
        self._settle()
        self._pending = Finding(
            reason=reason, sentence=sentence, seq=seq or None, last=last
        )

    def _settle(self) -> None:
        if self._pending is not None:
            self._report.add(self._pending)
        self._pending = None


def _linked(seq: int, previous: str, payload: bytes) -> str | None:
    """Return the hash as the chain computes it; None if `previous` is no hash."""
    try:
        return link(seq, previous, payload)
    except (ValueError, OverflowError):
        return None


def _fits(row: Row, seq: int) -> bool:
    """Whether the row's own hash is that of its payload under this number."""
    if not 0 < seq < _LARGEST:
        return False
    return _linked(seq, row.previous_hash, row.payload) == row.hash


def _number(row: Row) -> object:
    return (parsed(row.payload) or {}).get("seq")
