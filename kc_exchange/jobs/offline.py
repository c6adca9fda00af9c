"""Offline tokens (OpenID Connect Core section 11): a job after its session's time.

A row keeps a sealed copy of the refresh token of one login, as new as the session's.
It is used when the session has ended by its age, and deleted when the user goes.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.db import Error, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from kc_exchange import conf, exchange
from kc_exchange.capture import session as session_tokens
from kc_exchange.capture.session_age import ends_at, known_end
from kc_exchange.exceptions import NoSubjectToken, SubjectGone, SubjectTokenRejected
from kc_exchange.jobs import claims as said
from kc_exchange.jobs import forgetting, standing
from kc_exchange.jobs.logins import (
    Login,
    alias,
    digests,
    is_offline,
    opened,
    rewrite,
    with_tokens,
    write,
)
from kc_exchange.models import OfflineToken
from kc_exchange.sources.exchanged import is_over

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.sessions.backends.base import SessionBase

    from kc_exchange.jobs.claims import Claims
    from kc_exchange.tokens import SubjectToken, TokenSet

_log = logging.getLogger("kc_exchange")


def connect() -> None:
    """Keep the rows as new as the tokens that sessions keep."""
    session_tokens.followers.add(follow)


@sensitive_variables()
def keep(claims: Claims, session: SessionBase, user: Any, tokens: TokenSet) -> UUID:
    """Keep the offline token of a login until the reference of `claims` is too old.

    Raises:
        NoSubjectToken: the login did not ask for `offline_access`.
        SubjectGone: the user logged out, or went, meanwhile.
    """
    if not is_offline(tokens) or not claims.sid:
        raise NoSubjectToken(
            "This login left no offline token: it did not ask for offline_access.",
            "Add offline_access to the scopes that the login asks for, and log in "
            "again; or make the reference without offline=True.",
        )
    login = with_tokens(
        Login(
            session_key=claims.session_key,
            backend=str(session.get(BACKEND_SESSION_KEY, "")),
            session_hash=str(session.get(HASH_SESSION_KEY, "")),
            realm=tokens.realm,
            refresh_token="",
            access_token="",
            expires_at=0.0,
        ),
        tokens,
    )
    named = digests(*said.login_of(tokens))
    row = OfflineToken(
        user_id=claims.user_id,
        issuer=claims.issuer,
        login_digest=named[0],
        expires_at=timezone.now() + timedelta(seconds=claims.max_age),
        session_ends_at=ends_at(session, getattr(user, "last_login", None)),
    )
    pk = _stored(row, named, login)
    try:
        _refuse_gone(login, claims)
    except SubjectGone:
        forgetting.forget(OfflineToken.objects.filter(pk=pk))
        raise
    return pk


@sensitive_variables()
def _refuse_gone(login: Login, claims: Claims) -> None:
    """Refuse a login that ended while its row was written: nothing forgot that row."""
    if standing.session_of(login.session_key) is None:
        raise SubjectGone("Whoever starts this job has logged out meanwhile.")
    standing.refuse_user(claims.user_id, login.backend, login.session_hash)


@sensitive_variables()
def _stored(row: OfflineToken, named: list[str], login: Login) -> UUID:
    """Insert `row`, or renew the one of its login: a login has one."""
    write(row, login)
    for _ in range(2):
        known = OfflineToken.objects.filter(login_digest__in=named).first()
        if known is not None:
            write(known, login)
            if OfflineToken.objects.filter(pk=known.pk).update(
                user_id=row.user_id,
                login_digest=row.login_digest,
                session_digest=known.session_digest,
                sealed=known.sealed,
                expires_at=max(row.expires_at, known.expires_at),
                session_ends_at=row.session_ends_at,
                missing_at=None,
            ):
                return known.pk
        with suppress(IntegrityError), transaction.atomic(using=alias()):
            row.save(force_insert=True)
            return row.pk
    raise SubjectGone("The login was forgotten while a reference to it was made.")


@sensitive_variables()
def follow(session_key: str, tokens: TokenSet) -> None:
    """Copy the newest tokens of a session, whose key may be new, to its row.

    `capture` calls it when it seals tokens; one that is not offline costs no query.
    """
    if not is_offline(tokens):
        return
    try:
        with transaction.atomic(using=alias()):
            _follow(session_key, tokens)
    except Error:
        _log.exception("kc_exchange.offline_not_followed")


@sensitive_variables()
def _follow(session_key: str, tokens: TokenSet) -> None:
    named = digests(*said.login_of(tokens))
    row = OfflineToken.objects.filter(login_digest__in=named).first()
    login = None if row is None else opened(row)
    if row is None or login is None:
        return
    rewrite(row, with_tokens(replace(login, session_key=session_key), tokens))
    session = standing.session_of(session_key)
    known = None if session is None else known_end(session)
    OfflineToken.objects.filter(pk=row.pk).update(
        sealed=row.sealed,
        session_digest=row.session_digest,
        login_digest=named[0],
        session_ends_at=known or row.session_ends_at,
        missing_at=row.missing_at if session is None else None,
    )


def login_of(claims: Claims) -> Login:
    """Return the login that a reference's row keeps, if its user may still be it.

    Raises:
        SubjectGone: the row is gone, or the user is deactivated or has another
            password, or the realm left the settings.
    """
    row = OfflineToken.objects.filter(pk=claims.offline).first()
    login = None if row is None else opened(row)
    if login is None:
        raise SubjectGone(
            "Whoever started this job has logged out, or their offline token was "
            "given back."
        )
    said.refuse_unknown_realm(login.realm)
    standing.refuse_user(claims.user_id, login.backend, login.session_hash)
    return login


def refuse_early(claims: Claims, login: Login) -> None:
    """Refuse a login whose session is gone before its time: somebody ended it.

    Raises:
        SubjectGone: it is, or was when it was looked at before.
    """
    rows = OfflineToken.objects.filter(pk=claims.offline)
    if forgetting.is_missing(rows, login):
        raise SubjectGone("The session of whoever started this job was ended.")


def renew(claims: Claims, rejected: SubjectToken) -> SubjectToken:
    """Return a newer token than `rejected`, refreshed by one worker at a time.

    What Keycloak does not take any more is forgotten.

    Raises:
        SubjectGone: the row is gone.
        SubjectTokenRejected: Keycloak does not take the offline token any more.
        ExchangeUnavailable: Keycloak is away; the token is as it was.
    """
    rows = OfflineToken.objects.filter(pk=claims.offline)
    try:
        return _renewed(rows, claims, rejected)
    except SubjectTokenRejected:
        forgetting.forget(rows)
        raise


@sensitive_variables()
def _renewed(rows: Any, claims: Claims, rejected: SubjectToken) -> SubjectToken:
    """Lock the row, and refresh its token: `realm.deadline` seconds at most.

    A transaction around it keeps the lock to its own end, and may be rolled back: then
    this process alone knows what Keycloak gave it, see `newer`. The first
    statement writes, so that SQLite waits for its lock.
    """
    with transaction.atomic(using=alias()):
        rows.update(issuer=F("issuer"))
        login = login_of(claims)
        subject = login.subject
        if subject.value != rejected.value and not is_over(subject):
            return subject
        realm = conf.current().realm(login.realm)
        new = exchange.refresh(realm, login.refresh_token, rejected=rejected)
        renewed = with_tokens(login, new)
        row = rows.get()
        rewrite(row, renewed)
        row.save(update_fields=["sealed", "session_digest"])
    return renewed.subject
