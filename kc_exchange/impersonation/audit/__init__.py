"""The record of what happened, and its chain: each event is hashed over the last.

`committed` writes state and its events together, `record` and `arecord` one event;
whatever they return from is durable.
"""

from kc_exchange.impersonation.audit.chain import Append
from kc_exchange.impersonation.audit.committing import committed
from kc_exchange.impersonation.audit.event import Event
from kc_exchange.impersonation.audit.recording import arecord, record
from kc_exchange.impersonation.audit.waiting import pending

__all__ = ["Append", "Event", "arecord", "committed", "pending", "record"]
