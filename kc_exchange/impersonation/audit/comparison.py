"""The record against the checkpoints that were signed of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.exceptions import printable
from kc_exchange.impersonation.audit.checkpoint import (
    Checkpoint,
    OtherOrigin,
    open_checkpoint,
    origin,
    verifiers,
)
from kc_exchange.impersonation.audit.notes import (
    BadSignature,
    MalformedNote,
    UnknownKey,
)
from kc_exchange.impersonation.audit.report import CannotTell, Finding, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kc_exchange.impersonation.audit.report import Report

_REASONS = {
    UnknownKey: Reason.CHECKPOINT_UNKNOWN_KEY,
    BadSignature: Reason.CHECKPOINT_BAD_SIGNATURE,
    OtherOrigin: Reason.CHECKPOINT_OTHER_ORIGIN,
}


def opened(notes: Sequence[bytes], report: Report) -> list[Checkpoint]:
    """Return the checkpoints that can be believed; note why one cannot.

    Raises:
        CannotTell: one of them is no checkpoint, or the settings name no key.
    """
    if not notes:
        return []
    name, keys = origin(), verifiers()
    believed = []
    for number, note in enumerate(notes, 1):
        try:
            believed.append(open_checkpoint(note, keys, name))
        except MalformedNote as error:
            raise CannotTell(
                f"Checkpoint {number} is none: {error}.",
                "Give the file as `kc_exchange audit checkpoint` wrote it.",
            ) from None
        except (UnknownKey, BadSignature, OtherOrigin) as error:
            text = f"Checkpoint {number}: {printable(error)}."
            report.add(Finding(reason=_REASONS[type(error)], sentence=text))
    return believed


def compare(
    checkpoints: Sequence[Checkpoint],
    roots: Mapping[int, bytes],
    report: Report,
    *,
    size: int,
    other_leaves: int | None,
) -> None:
    """Note each checkpoint that the record, or another checkpoint, contradicts.

    Args:
        checkpoints: those that can be believed.
        roots: the record's root at each of their sizes that it has.
        report: where it goes.
        size: the number of the last event.
        other_leaves: the first number from where on hashes are known to be others;
            what a checkpoint says of those is no news.
    """
    agreeing = [c for c in checkpoints if roots.get(c.size) == c.root]
    report.checkpoints = len(agreeing)
    sizes = {c.size for c in agreeing}
    for checkpoint in sorted(set(checkpoints) - set(agreeing), key=lambda c: c.size):
        later = [other for other in sizes if other >= checkpoint.size]
        rival = [
            c for c in checkpoints if c.size == checkpoint.size and c != checkpoint
        ]
        since = max((s for s in sizes if s < checkpoint.size), default=0)
        if later or rival:
            report.add(_inconsistent(checkpoint, min(later, default=checkpoint.size)))
        elif checkpoint.size > size:
            _add_truncated(report, checkpoint, size)
        elif other_leaves is None or other_leaves > checkpoint.size:
            report.add(_recomputed(checkpoint, since))


def _inconsistent(checkpoint: Checkpoint, other: int) -> Finding:
    text = (
        f"The checkpoints at {checkpoint.size} and at {other} events, both signed, "
        "contradict each other: two histories were signed."
    )
    return Finding(reason=Reason.CHECKPOINT_INCONSISTENT, sentence=text)


def _add_truncated(report: Report, checkpoint: Checkpoint, size: int) -> None:
    if Reason.TRUNCATED in report.counts:
        return
    text = f"A checkpoint was signed when there were {checkpoint.size} events."
    report.add(
        Finding(
            reason=Reason.TRUNCATED, sentence=text, seq=size + 1, last=checkpoint.size
        )
    )


def _recomputed(checkpoint: Checkpoint, since: int) -> Finding:
    text = (
        f"The checkpoint at {checkpoint.size} events has another root: one or more of "
        "these records were changed, and all hashes after computed anew."
    )
    return Finding(
        reason=Reason.RECOMPUTED, sentence=text, seq=since + 1, last=checkpoint.size
    )
