"""Call downstreams in a job, for the user who started it.

By a reference, never a token.

reference = SubjectReference.of(request)                      # in the view
orders_of.delay(reference)

with acting_for(reference), downstream_session("orders-api") as session:  # there
    ...
"""

from kc_exchange.jobs.forgetting import (
    forget_session,
    forget_user,
    recheck_user,
)
from kc_exchange.jobs.reference import SubjectReference
from kc_exchange.jobs.subject import acting_for
from kc_exchange.jobs.sweeping import sweep

__all__ = [
    "SubjectReference",
    "acting_for",
    "forget_session",
    "forget_user",
    "recheck_user",
    "sweep",
]
