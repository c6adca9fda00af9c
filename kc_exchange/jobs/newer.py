"""Remember what took the place of a row's sealed tokens here, lest it be rolled back.

A job may renew them in a transaction that is rolled back. Keycloak does not take its
answer back: where it takes a refresh token once, the row is left with one that is over.
"""

from __future__ import annotations

from collections import OrderedDict

from django.views.decorators.debug import sensitive_variables

from kc_exchange import forks

_SIZE = 1024

_entries: OrderedDict[str, str] = OrderedDict()
"""By a sealed text, which no row holds twice, the one that took its place."""
_writing = forks.Lock()


@sensitive_variables()
def remember(before: str, after: str) -> None:
    """Remember that `after` took the place of `before`; drop the oldest entry."""
    with _writing:
        _entries[before] = after
        if len(_entries) > _SIZE:
            _entries.popitem(last=False)


@sensitive_variables()
def of(sealed: str) -> str:
    """Return the newest of what took its place, itself where nothing did."""
    while (newer := _entries.get(sealed)) is not None:
        sealed = newer
    return sealed
