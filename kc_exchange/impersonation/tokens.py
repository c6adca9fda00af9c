"""The target's token of a grant: obtained from Keycloak, sealed, renewed, revoked."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, router, transaction
from django.db.models import F

from kc_exchange import conf, exchange, sources
from kc_exchange.capture.seal import seal, unseal
from kc_exchange.capture.session import subject_token
from kc_exchange.exceptions import ExchangeError, ExchangeMisconfigured
from kc_exchange.impersonation import audit
from kc_exchange.impersonation.errors import AuditUnavailable, GrantEnded
from kc_exchange.impersonation.events import about
from kc_exchange.models import AuditEvent, GrantToken, ImpersonationGrant
from kc_exchange.tokens import TokenSet

if TYPE_CHECKING:
    from uuid import UUID

    from kc_exchange.exchange import Impersonated
    from kc_exchange.tokens import SubjectToken

_log = logging.getLogger("kc_exchange")


def sealed(grant_id: UUID, issued: Impersonated) -> GrantToken:
    """Return the row that keeps the token of a grant; the caller saves it."""
    tokens = TokenSet(
        access_token=issued.token.value,
        id_token=issued.id_token,
        expires_at=issued.expires_at,
        realm=issued.token.realm,
    )
    return GrantToken(
        grant_id=grant_id,
        current_for=grant_id,
        realm=issued.token.realm,
        sealed=seal(tokens, 0, _bound_to(grant_id)).sealed,
    )


def current(grant_id: UUID) -> SubjectToken | None:
    """Return the token in use, None if there is none or it does not open."""
    row = GrantToken.objects.filter(current_for=grant_id).first()
    return None if row is None else opened(row)


def opened(row: GrantToken) -> SubjectToken | None:
    """Return the token in `row`, None if SECRET_KEY no longer opens it."""
    kept = _kept(row)
    return None if kept is None else subject_token(kept)


def replace_current(
    grant: ImpersonationGrant, issued: Impersonated, rejected: SubjectToken | None
) -> SubjectToken:
    """Take `issued` in use instead of `rejected`, and revoke that one; or yield.

    Two requests may renew at the same time, in two processes: the first to write wins,
    and the other's token is revoked at once, so that a grant leaves no more than one
    session of the target behind.

    Raises:
        GrantEnded: the grant is over; `issued` is revoked.
    """
    row = sealed(grant.pk, issued)
    try:
        before, is_open = _swap(row, rejected)
    except Error:
        give_back(grant, issued)
        raise
    known = None if row.current_for or before is None else opened(before)
    loser = before if row.current_for else row
    if loser is not None:
        revoke(loser, grant)
    if not is_open:
        raise GrantEnded
    return issued.token if known is None else known


def _swap(
    row: GrantToken, rejected: SubjectToken | None
) -> tuple[GrantToken | None, bool]:
    """Store `row`, in use or not; return what was in use, and if the grant is open.

    The first statement locks the grant, as an end does first: what is in use may be
    another row by then. It writes, so that SQLite waits for its one lock, where it
    refuses at once a transaction that has read before.
    """
    alias = router.db_for_write(GrantToken)
    grants = ImpersonationGrant.objects.using(alias).filter(pk=row.grant_id)
    used = GrantToken.objects.using(alias).filter(current_for=row.grant_id)
    with transaction.atomic(using=alias):
        is_open = bool(grants.filter(ended_at=None).update(realm=F("realm")))
        before = used.first()
        known = None if before is None else opened(before)
        is_last = known is None or (
            rejected is not None and known.value == rejected.value
        )
        if is_last and is_open:
            used.update(current_for=None)
        else:
            row.current_for = None
        row.save(using=alias, force_insert=True)
    return before, is_open


def waiting(grant: ImpersonationGrant) -> list[GrantToken]:
    """Return the rows to revoke: those not in use, and all of a grant that is over."""
    rows = GrantToken.objects.filter(grant_id=grant.pk)
    is_open = ImpersonationGrant.objects.still_open(grant.pk).exists()
    return list(rows.filter(current_for=None) if is_open else rows)


def keep(grant: ImpersonationGrant, issued: Impersonated) -> GrantToken:
    """Keep the token of a start before anything else is done.

    Whatever happens after that, the end of the grant, or a sweep, can revoke it.

    Raises:
        AuditUnavailable: the database refuses, or is away.
    """
    row = sealed(grant.pk, issued)
    try:
        row.save(force_insert=True)
    except Error as error:
        raise AuditUnavailable from error
    return row


def drop(row: GrantToken, grant: ImpersonationGrant) -> None:
    """Revoke a token that was kept, unless somebody has; now, or at the next sweep."""
    with suppress(Error):
        if not GrantToken.objects.filter(pk=row.pk).exists():
            return
    with suppress(ExchangeError, Error):
        revoke(row, grant)


def give_back(grant: ImpersonationGrant, issued: Impersonated) -> None:
    """Revoke a token that no grant will use, now or at the next sweep."""
    row = sealed(grant.pk, issued)
    row.current_for = None
    with suppress(Error):
        row.save(force_insert=True)
    with suppress(ExchangeError, Error):
        revoke(row, grant)


def revoke(row: GrantToken, grant: ImpersonationGrant) -> None:
    """Revoke a token that is no longer in use, and end its session at Keycloak.

    How it went is recorded. A failure leaves the row for `sweep`, which tries again.
    """
    kept = _kept(row)
    try:
        if kept is not None:
            _take_back(kept)
    except (ExchangeError, ImproperlyConfigured) as error:
        _log.warning("kc_exchange.revocation_failed grant=%s: %s", grant.pk, error)
        GrantToken.objects.filter(pk=row.pk).update(attempts=row.attempts + 1)
        if row.attempts == 0:
            failed = AuditEvent.Type.REVOCATION_FAILED
            code = getattr(error, "code", ExchangeMisconfigured().code)
            audit.record(about(grant, failed, outcome="failure", code=code))
        return
    GrantToken.objects.filter(pk=row.pk).delete()
    audit.record(
        about(
            grant,
            AuditEvent.Type.TOKEN_REVOKED,
            outcome="unknown" if kept is None else "success",
            code="unreadable" if kept is None else "",
        )
    )


def _take_back(kept: TokenSet) -> None:
    token, realm = subject_token(kept), conf.current().realm(kept.realm)
    sources.forget(token)
    exchange.revoke(token, realm)
    if kept.id_token:
        exchange.end_session(kept.id_token, realm)


def _kept(row: GrantToken) -> TokenSet | None:
    kept = unseal(row.sealed, _bound_to(row.grant_id))
    return None if kept is None else kept.tokens


def _bound_to(grant_id: UUID) -> str:
    return f"grant {grant_id}"
