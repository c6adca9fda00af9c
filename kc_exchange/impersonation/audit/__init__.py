"""The record: what happened under grants, written before it happens."""

from kc_exchange.impersonation.audit.chain import Append
from kc_exchange.impersonation.audit.event import Event
from kc_exchange.impersonation.audit.recording import (
    arecord,
    committed,
    pending,
    record,
)

__all__ = ["Append", "Event", "arecord", "committed", "pending", "record"]
