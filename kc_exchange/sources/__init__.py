"""Where tokens come from: one method to ask, whatever is behind it.

A `Subject` speaks for the user; a `TokenSource` speaks for one downstream. The
strategy of the downstream decides which source wraps the subject.
"""

from kc_exchange.sources.strategies import TokenSource, forget, source_for
from kc_exchange.sources.subjects import FixedSubject, RequestSubject, Subject

__all__ = [
    "FixedSubject",
    "RequestSubject",
    "Subject",
    "TokenSource",
    "forget",
    "source_for",
]
