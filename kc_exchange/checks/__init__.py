"""System checks: each setting that can be wrong or unsafe has its number.

E001-E011, E017-E021 and E026-E038 are mistakes in the dictionary itself, found by
`kc_exchange.conf`. The rest needs the project around it.
"""

from kc_exchange.checks.exchange import check_settings
from kc_exchange.checks.external import check_throttling
from kc_exchange.checks.impersonation import check_impersonation
from kc_exchange.checks.record import check_guards
from kc_exchange.checks.sender_constrained import check_sender_constrained
from kc_exchange.checks.shared_cache import check_shared_cache

__all__ = [
    "check_guards",
    "check_impersonation",
    "check_sender_constrained",
    "check_settings",
    "check_shared_cache",
    "check_throttling",
]
