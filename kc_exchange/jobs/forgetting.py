"""Give offline tokens back: their user has gone, or they are too old."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from kc_exchange import conf, exchange
from kc_exchange.capture.session_age import known_end
from kc_exchange.exceptions import ExchangeError, SubjectGone
from kc_exchange.jobs import standing
from kc_exchange.jobs.claims import login_of
from kc_exchange.jobs.logins import Login, alias, digests, is_offline, opened
from kc_exchange.models import OfflineToken
from kc_exchange.tokens import claims_of

if TYPE_CHECKING:
    from uuid import UUID

    from kc_exchange.conf import Realm
    from kc_exchange.tokens import TokenSet

_log = logging.getLogger("kc_exchange")
_MOVING = timedelta(minutes=10)
"""How long a request may take that gives a session another key, and says so last."""


@sensitive_variables()
def forget_session(session_key: str, tokens: TokenSet | None = None) -> None:
    """Revoke the offline token of a session that was logged out; no job uses it.

    `tokens` are those that it keeps: they tell its login where its key is a new one.
    """
    with transaction.atomic(using=alias()):
        forget(OfflineToken.objects.filter(session_digest__in=digests(session_key)))
        if tokens is not None and is_offline(tokens):
            login = digests(*login_of(tokens))
            forget(OfflineToken.objects.filter(login_digest__in=login))


def forget_user(user_id: object) -> None:
    """Revoke all offline tokens of a user; no job uses them."""
    forget(OfflineToken.objects.filter(user_id=str(user_id)))


def recheck_user(user_id: object) -> None:
    """Forget the tokens of logins that Django would not take for the user's now."""
    for row in OfflineToken.objects.filter(user_id=str(user_id)):
        _recheck(row)


def sweep() -> int:
    """Forget what is too old, and of whom is gone; return how many that were.

    What could not be revoked before is tried again.
    """
    for pk in list(OfflineToken.ended.values_list("pk", flat=True)):
        _revoke(pk)
    before = OfflineToken.objects.count()
    forget(OfflineToken.objects.filter(expires_at__lte=timezone.now()))
    for row in OfflineToken.objects.iterator():
        login = _recheck(row)
        if login is not None:
            _look_for_session(row, login)
    return before - OfflineToken.objects.count()


def is_missing(rows: Any, login: Login) -> bool:
    """Whether the session of a row, which is not there, was ended before its time.

    It is noted, and stays so: the time at which it would have ended comes, too. The
    note is of this key of the session alone, which may have got another one meanwhile.
    """
    now = timezone.now()
    of_key = rows.filter(session_digest__in=digests(login.session_key))
    of_key.filter(missing_at=None, session_ends_at__gt=now).update(missing_at=now)
    return bool(of_key.exclude(missing_at=None).exists())


def _look_for_session(row: OfflineToken, login: Login) -> None:
    """Note how long a session lasts that is used on; forget one that was ended."""
    rows = OfflineToken.objects.filter(pk=row.pk, session_digest=row.session_digest)
    session = standing.session_of(login.session_key)
    if session is not None:
        ends = known_end(session) or row.session_ends_at
        rows.update(session_ends_at=ends, missing_at=None)
    elif is_missing(rows, login):
        forget(rows.filter(missing_at__lte=timezone.now() - _MOVING))


def _recheck(row: OfflineToken) -> Login | None:
    """Forget the row if its user is not to be called for; else return its login."""
    login = opened(row)
    try:
        if login is not None:
            standing.refuse_user(row.user_id, login.backend, login.session_hash)
            return login
    except SubjectGone:
        pass
    forget(OfflineToken.objects.filter(pk=row.pk))
    return None


def forget(rows: Any) -> None:
    """Let no job use these tokens; revoke them as soon as that is committed."""
    for row in rows:
        of_row = OfflineToken.objects.filter(pk=row.pk)
        if of_row.update(ended_at=timezone.now(), login_digest=None):
            revoke = partial(_revoke, row.pk)
            transaction.on_commit(revoke, using=alias(), robust=True)


@sensitive_variables()
def _is_back(login: Login, realm: Realm) -> bool:
    """Whether the same session at Keycloak is in use again: revoking would end it."""
    sid = claims_of(login.refresh_token).get("sid")
    named = digests(realm.issuer, str(sid), realm.client_id)
    return OfflineToken.objects.filter(login_digest__in=named).exists()


def _revoke(pk: UUID) -> None:
    """Revoke at Keycloak (RFC 7009), and delete the row: if it fails, a sweep does."""
    row = OfflineToken.ended.filter(pk=pk).first()
    login = None if row is None else opened(row)
    try:
        if login is not None:
            realm = conf.current().realm(login.realm)
            if not _is_back(login, realm):
                exchange.revoke(login.offline, realm, hint="refresh_token")
    except (ExchangeError, ImproperlyConfigured) as error:
        _log.warning("kc_exchange.offline_not_revoked: %s", error)
        return
    OfflineToken.ended.filter(pk=pk).delete()
