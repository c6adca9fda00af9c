"""Audited impersonation: an overlay on a grant, re-checked at every request.

`start` and `end_current` are what the admin's screens call, and what a project's own
may; `sweep` ends what nobody came back for.
"""

from kc_exchange.impersonation.current import current_grant
from kc_exchange.impersonation.ending import end, sweep
from kc_exchange.impersonation.leaving import end_current
from kc_exchange.impersonation.marks import (
    as_operator,
    forbid_while_impersonating,
    only_reads,
)
from kc_exchange.impersonation.permissions import check, may_impersonate
from kc_exchange.impersonation.starting import start

__all__ = [
    "as_operator",
    "check",
    "current_grant",
    "end",
    "end_current",
    "forbid_while_impersonating",
    "may_impersonate",
    "only_reads",
    "start",
    "sweep",
]
