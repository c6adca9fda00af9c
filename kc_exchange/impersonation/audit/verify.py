"""Say whether the record is what was written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import router

from kc_exchange.impersonation.audit.agreement import check_grants
from kc_exchange.impersonation.audit.chain import GENESIS
from kc_exchange.impersonation.audit.comparison import compare, opened
from kc_exchange.impersonation.audit.contents import Contents
from kc_exchange.impersonation.audit.links import Links
from kc_exchange.impersonation.audit.merkle import Tree
from kc_exchange.impersonation.audit.payloads import parsed
from kc_exchange.impersonation.audit.report import Finding, Reason, Report
from kc_exchange.impersonation.audit.rows import (
    Extent,
    Row,
    extent,
    hashes,
    is_unreadable,
    rows,
)
from kc_exchange.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kc_exchange.impersonation.audit.checkpoint import Checkpoint

_HASH = 64


def verify(
    *,
    using: str | None = None,
    checkpoints: Sequence[bytes] = (),
    since: bytes | None = None,
    now: datetime | None = None,
) -> Report:
    """Check the whole record, in one pass and in memory that does not grow with it.

    Every number, link, hash, form and column of every event, the head, every grant
    against its events, and every checkpoint. Events may be written meanwhile: those
    after the start of the verification are not looked at.

    Args:
        using: alias of the database; that of the record where it is None.
        checkpoints: signed checkpoints, as they were exported.
        since: one more; if the hashes agree with it, the events that it covers are
            not read but for their hashes. What their payloads and columns say is then
            not checked.
        now: the moment to judge unfinished requests at, with its time zone; the
            clock's where it is None.

    Raises:
        CannotTell: a checkpoint is none, or no key or name is in the settings.
        DatabaseError: the record cannot be read.
    """
    report = Report()
    alias = using or router.db_for_write(AuditEvent)
    start = opened([since], report) if since is not None else []
    marks = start + opened(checkpoints, report)
    found = extent(alias)
    report.size = found.highest if found.size is None else found.size
    walk = _Walk(alias, report, marks, now or datetime.now(UTC))
    for mark in start:
        walk.skip(mark)
    walk.run(found)
    check_grants(report, alias)
    return report


class _Walk:
    """One pass over the record."""

    def __init__(
        self, alias: str, report: Report, marks: list[Checkpoint], now: datetime
    ) -> None:
        self._alias = alias
        self._report = report
        self._marks = marks
        self._sizes = {mark.size for mark in marks}
        self._contents = Contents(report, now)
        self._start_with(Tree(), GENESIS)

    def _start_with(self, tree: Tree, last: str) -> None:
        self._tree = tree
        self._roots: dict[int, bytes] = {}
        self._links = Links(self._report, self._alias, tree.size, last)
        self._note_root()

    def skip(self, mark: Checkpoint) -> None:
        """Go on after `mark`, if the hashes up to there are those it was signed for."""
        tree, last = Tree(), GENESIS
        roots = {}
        try:
            for seq, digest in hashes(self._alias, mark.size):
                if seq != tree.size + 1:
                    return
                tree.add(_leaf(digest))
                last = digest
                if tree.size in self._sizes:
                    roots[tree.size] = tree.root()
        except Exception as error:
            if not is_unreadable(error):
                raise
            return
        if tree.size == mark.size and tree.root() == mark.root:
            self._start_with(tree, last)
            self._roots |= roots
            self._report.since = mark.size

    def run(self, found: Extent) -> None:
        """Read the rest of the record, and compare its end."""
        size, links = self._report.size, self._links
        read = rows(self._alias, links.seq)
        for row, follower in _with_follower(read, size, found.hash):
            if type(row.seq) is not int or row.seq < 1:
                text = f"A record has the number {row.seq!r}; the first has 1."
                self._report.add(Finding(reason=Reason.INSERTED, sentence=text))
                continue
            self._take(row, follower)
        links.finish(found)
        self._contents.finish()
        self._report.root = self._tree.root()
        compare(
            self._marks,
            self._roots,
            self._report,
            size=links.reach,
            other_leaves=links.other_leaves,
        )

    def _take(self, row: Row, follower: str) -> None:
        said = parsed(row.payload)
        if row.seq > self._links.seq:
            self._tree.add(_leaf(row.hash))
        if self._links.take(row, said, follower):
            self._contents.take(row, said)
        self._report.checked += 1
        self._note_root()

    def _note_root(self) -> None:
        if self._tree.size in self._sizes:
            self._roots[self._tree.size] = self._tree.root()


def _with_follower(
    read: Iterable[Row], size: int, head: str
) -> Iterator[tuple[Row, str]]:
    """Yield each row up to `size` with the hash that what follows it names."""
    before: Row | None = None
    for row in read:
        if type(row.seq) is int and row.seq > size:
            break
        if before is not None:
            yield before, row.previous_hash
        before = row
    if before is not None:
        yield before, head


def _leaf(digest: str) -> bytes:
    """Return the 32 bytes of a hash; what is none stands for nothing."""
    try:
        return bytes.fromhex(digest) if len(digest) == _HASH else b""
    except ValueError:
        return b""
