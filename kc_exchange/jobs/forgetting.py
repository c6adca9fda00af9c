"""Give offline tokens back: their user has gone, or they are too old."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from kc_exchange import conf, exchange
from kc_exchange.exceptions import ExchangeError, ExchangeUnavailable
from kc_exchange.jobs import standing
from kc_exchange.jobs.claims import login_of
from kc_exchange.jobs.logins import Login, alias, digests, is_offline, opened
from kc_exchange.models import OfflineToken
from kc_exchange.tokens import claims_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from kc_exchange.conf import Realm
    from kc_exchange.tokens import TokenSet

_log = logging.getLogger("kc_exchange")
MOVING = timedelta(minutes=10)
"""How long a request may take that gives a session another key, and says so last."""


@sensitive_variables()
def forget_session(session_key: str, tokens: TokenSet | None = None) -> None:
    """Revoke the offline token of a session that was logged out; no job uses it.

    `tokens` are those that it keeps: they tell its login where its key is a new one.
    """
    of_session = Q(session_digest__in=digests(session_key))
    if tokens is not None and is_offline(tokens):
        of_session |= Q(login_digest__in=digests(*login_of(tokens)))
    with transaction.atomic(using=alias()):
        forget(OfflineToken.objects.filter(of_session))


def forget_user(user_id: object) -> None:
    """Revoke all offline tokens of a user; no job uses them."""
    forget(OfflineToken.objects.filter(user_id=str(user_id)))


def recheck_user(user_id: object) -> None:
    """Forget the tokens of logins that Django would not take for the user's now."""
    rows = OfflineToken.objects.filter(user_id=str(user_id))
    fallen = [row.pk for row in rows if not _stands(row)]
    forget(rows.filter(pk__in=fallen))


def _stands(row: OfflineToken) -> bool:
    """Whether its user may be called for; taken for granted if it does not open."""
    login = opened(row)
    return login is None or standing.stands(
        row.user_id, login.backend, login.session_hash
    )


def is_missing(rows: Any, login: Login) -> bool:
    """Whether the session of a row, which is not there, was ended before its time.

    It is noted, and stays so: the time at which it would have ended comes, too. The
    note is of this key of the session alone, which may have got another one meanwhile.
    """
    now = timezone.now()
    of_key = rows.filter(session_digest__in=digests(login.session_key))
    of_key.filter(missing_at=None, session_ends_at__gt=now).update(missing_at=now)
    return bool(of_key.exclude(missing_at=None).exists())


def forget(rows: Any) -> None:
    """Let no job use these tokens; revoke them as soon as that is committed.

    It may be a request that waits for it: once Keycloak is away, a sweep does the rest.
    """
    revoke = partial(revoke_all, end(rows))
    transaction.on_commit(revoke, using=alias(), robust=True)


def end(rows: Any) -> list[UUID]:
    """Let no job use these tokens; return the rows that did not wait already."""
    return [row.pk for row in rows if _end(row.pk)]


def _end(pk: UUID) -> bool:
    rows = OfflineToken.objects.filter(pk=pk)
    return bool(rows.update(ended_at=timezone.now(), login_digest=None))


@sensitive_variables()
def _is_back(login: Login, realm: Realm) -> bool:
    """Whether the same session at Keycloak is in use again: revoking would end it."""
    sid = claims_of(login.refresh_token).get("sid")
    named = digests(realm.issuer, str(sid), realm.client_id)
    return OfflineToken.objects.filter(login_digest__in=named).exists()


def revoke_all(waiting: Iterable[UUID]) -> None:
    """Revoke tokens at Keycloak; if one is away, its others are left to a sweep."""
    away: set[str] = set()
    for pk in waiting:
        row = OfflineToken.ended.filter(pk=pk).first()
        if row is not None and row.issuer not in away and _is_away(row):
            away.add(row.issuer)


def _is_away(row: OfflineToken) -> bool:
    """Revoke one (RFC 7009), and delete its row; return whether Keycloak is away.

    A row that does not open may do so with another SECRET_KEY, until it is too old.
    """
    login = opened(row)
    if login is None and row.expires_at > timezone.now():
        return False
    try:
        if login is None:
            _log.warning(
                "kc_exchange.offline_lost: %s goes without being revoked, since it was "
                "sealed under another SECRET_KEY. Fix: name former keys in "
                "SECRET_KEY_FALLBACKS; end offline sessions of %s at Keycloak.",
                row,
                row.issuer,
            )
        else:
            _revoke(login)
    except (ExchangeError, ImproperlyConfigured) as error:
        _log.warning("kc_exchange.offline_not_revoked: %s", error)
        return isinstance(error, ExchangeUnavailable)
    OfflineToken.ended.filter(pk=row.pk).delete()
    return False


def _revoke(login: Login) -> None:
    realm = conf.current().realm(login.realm)
    if not _is_back(login, realm):
        exchange.revoke(login.offline, realm, hint="refresh_token")
