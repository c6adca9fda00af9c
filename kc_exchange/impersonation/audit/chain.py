"""The chain: each event's hash covers the one before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

from kc_exchange.impersonation.audit.canonical import canonical
from kc_exchange.impersonation.audit.event import Event, columns, payload
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.models import AuditEvent, AuditHead
from kc_exchange.models.uuid7 import uuid7

Append = Callable[[Event], AuditEvent]

GENESIS = "0" * 64
"""What the first event names as the hash before it."""
_DOMAIN = b"\0kc_exchange/audit/v1"


def link(seq: int, previous: str, content: bytes) -> str:
    """Return the hash of an event, in hexadecimal (SHA-256).

    Over a zero byte, the domain's name, the number (8 bytes), the hash before (32),
    the length of the payload (8), and the payload.

    Raises:
        ValueError, OverflowError: `previous` is no such hash, or `seq` no such number.
    """
    before = bytes.fromhex(previous)
    if len(before) != sha256().digest_size:
        raise ValueError("the hash before is no SHA-256")
    hashed = sha256(_DOMAIN + seq.to_bytes(8) + before)
    hashed.update(len(content).to_bytes(8) + content)
    return hashed.hexdigest()


def append(event: Event, alias: str, *, ascii_only: bool = False) -> AuditEvent:
    """Add `event` at the end of the chain, in the transaction that is open.

    The row of the head is locked first, and until that transaction ends: keep it short.

    Args:
        event: what happened.
        alias: of the database.
        ascii_only: let the columns hold ASCII alone; see `columns`.

    Raises:
        NotCanonical: the event's details cannot be written down.
        AuditUnavailable: the chain has no head, or one that is not locked by this.
        django.db.Error: the database refuses, or is away.
    """
    heads = AuditHead.objects.using(alias).filter(id=1)
    head = heads.select_for_update().first()
    if head is None:
        raise AuditUnavailable(
            "The record has lost its head: the table kc_exchange_audithead is empty.",
            "Run `manage.py kc_exchange audit verify`, and find out who emptied it.",
        )
    seq = head.size + 1
    said = payload(event, seq=seq, event_id=uuid7(), at=datetime.now(UTC))
    content = canonical(said)
    row = AuditEvent(
        seq=seq,
        **columns(said, ascii_only=ascii_only),
        payload=content,
        previous_hash=head.hash,
        hash=link(seq, head.hash, content),
    )
    row.save(using=alias, force_insert=True)
    if not heads.filter(size=head.size).update(size=seq, hash=row.hash):
        raise AuditUnavailable(
            "The head of the record was changed while it was locked.",
            "Use a database that locks rows, or lets one write at a time.",
        )
    return row
