"""The chain: each event's hash covers the one before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db.models import F

from kc_exchange.impersonation.audit.canonical import canonical
from kc_exchange.impersonation.audit.event import Event, columns, payload
from kc_exchange.models import AuditEvent, AuditHead
from kc_exchange.models.uuid7 import uuid7

if TYPE_CHECKING:
    from django.db.models import QuerySet

Append = Callable[[Event], AuditEvent]

GENESIS = "0" * 64
"""What the first event names as the hash before it."""
_DOMAIN = b"kc_exchange/audit/v1"


def link(seq: int, previous: str, content: bytes) -> str:
    """Return the hash of an event, in hexadecimal (SHA-256).

    Over a zero byte, the domain's name, the number (8 bytes), the hash before (32),
    the length of the payload (8), and the payload.
    """
    parts = (
        b"\0",
        _DOMAIN,
        seq.to_bytes(8),
        bytes.fromhex(previous),
        len(content).to_bytes(8),
        content,
    )
    return sha256(b"".join(parts)).hexdigest()


def append(event: Event, alias: str) -> AuditEvent:
    """Add `event` at the end of the chain, in the transaction that is open.

    The row of the head is locked first, and until that transaction ends: keep it short.
    """
    head = AuditHead.objects.using(alias)
    seq, previous = _next(head)
    now = datetime.now(UTC)
    said = payload(event, seq=seq, event_id=uuid7(), at=now)
    content = canonical(said)
    row = AuditEvent(
        seq=seq,
        **columns(said),
        payload=content,
        previous_hash=previous,
        hash=link(seq, previous, content),
    )
    row.save(using=alias, force_insert=True)
    head.filter(id=1).update(hash=row.hash)
    return row


def _next(head: QuerySet[AuditHead]) -> tuple[int, str]:
    """Take the next number; the update comes first, for it takes the lock."""
    if not head.filter(id=1).update(size=F("size") + 1):
        head.create(id=1, size=1, hash=GENESIS)
    seq, previous = head.values_list("size", "hash").get(id=1)
    return seq, previous
