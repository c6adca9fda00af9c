"""Look at all offline tokens: of whom is gone, or too old, they are given back."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from kc_exchange.capture.session_age import known_end
from kc_exchange.jobs import standing
from kc_exchange.jobs.forgetting import MOVING, end, is_missing, revoke_all
from kc_exchange.jobs.logins import Login, alias, opened
from kc_exchange.models import OfflineToken


class Swept(NamedTuple):
    """How many tokens a sweep found."""

    ended: int
    """They went out of use."""
    unopened: int
    """Sealed under another SECRET_KEY: they are left as they are until too old."""


def sweep() -> Swept:
    """Forget what is too old, and of whom is gone; return how many that were.

    What could not be revoked before is tried again.
    """
    ended = len(end(OfflineToken.objects.filter(expires_at__lte=timezone.now())))
    unopened = 0
    for row in OfflineToken.objects.iterator():
        login = opened(row)
        if login is None:
            unopened += 1
        else:
            ended += _looked_at(row, login)
    waiting = list(OfflineToken.ended.values_list("pk", flat=True))
    transaction.on_commit(partial(revoke_all, waiting), using=alias(), robust=True)
    unopened += sum(opened(row) is None for row in OfflineToken.ended.iterator())
    return Swept(ended, unopened)


def _looked_at(row: OfflineToken, login: Login) -> int:
    """Forget the row if its user is not to be called for; return how many that ends."""
    if not standing.stands(row.user_id, login.backend, login.session_hash):
        return len(end(OfflineToken.objects.filter(pk=row.pk)))
    return _session_looked_for(row, login)


@sensitive_variables()
def _session_looked_for(row: OfflineToken, login: Login) -> int:
    """Note how long a session lasts that is used on; forget one that was ended."""
    rows = OfflineToken.objects.filter(pk=row.pk, session_digest=row.session_digest)
    session = standing.session_of(login.session_key)
    if session is not None:
        ends = known_end(session) or row.session_ends_at
        rows.update(session_ends_at=ends, missing_at=None)
    elif is_missing(rows, login):
        return len(end(rows.filter(missing_at__lte=timezone.now() - MOVING)))
    return 0
