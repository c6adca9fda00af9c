"""What must hold at every request of a grant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from kc_exchange import conf
from kc_exchange.impersonation import permissions
from kc_exchange.impersonation.errors import ImpersonationRefused
from kc_exchange.models import ImpersonationGrant

Cause = ImpersonationGrant.Cause
_SALT = "kc_exchange.impersonation.password"
_CLOCK = timedelta(minutes=1)
"""How far the clocks of two machines may differ."""


def over(grant: ImpersonationGrant, now: datetime) -> Cause | None:
    """Return why a grant is over by the clock, None while it is not."""
    seen = grant.last_seen_at or grant.started_at or grant.requested_at
    idle = timedelta(minutes=conf.current().impersonation.idle_minutes)
    if now >= grant.expires_at:
        return Cause.EXPIRED
    if grant.session_expires_at is not None and now >= grant.session_expires_at:
        return Cause.SESSION_EXPIRED
    if now - seen >= idle:
        return Cause.IDLE
    return Cause.CLOCK if seen - now > _CLOCK else None


def lost(grant: ImpersonationGrant, operator: Any, target: Any) -> Cause | None:
    """Return why these two may not go on, None while they may.

    `operator` and `target` are the users as they are now; None where one is gone.
    """
    cause = _operator_lost(grant, operator)
    if cause is not None:
        return cause
    if target is None:
        return Cause.TARGET_DELETED
    if not target.is_active:
        return Cause.TARGET_INACTIVE
    try:
        permissions.check(operator=operator, target=target, mode=grant.mode)
    except ImpersonationRefused as refusal:
        of_target = refusal.reason in permissions.OF_TARGET
        return Cause.TARGET_CHANGED if of_target else Cause.OPERATOR_REFUSED
    return None


def _operator_lost(grant: ImpersonationGrant, operator: Any) -> Cause | None:
    if operator is None:
        return Cause.OPERATOR_DELETED
    if not operator.is_active:
        return Cause.OPERATOR_INACTIVE
    same = password_digest(operator) == grant.password_digest
    return None if same else Cause.PASSWORD_CHANGED


def signed_out(grant: ImpersonationGrant) -> Cause:
    """Return why a session that has a grant has no user any more."""
    operator = user_of(grant.operator_id)
    return _operator_lost(grant, operator) or Cause.PASSWORD_CHANGED


def password_digest(user: Any) -> str:
    """Return what tells that a password was changed, and nothing about it."""
    own = user.get_session_auth_hash()
    return salted_hmac(_SALT, own, algorithm="sha256").hexdigest()


def user_of(pk: str) -> Any:
    """Return the user as they are now, None if there is none; `pk` is text."""
    model = get_user_model()
    try:
        return model._default_manager.get(pk=pk)  # noqa: SLF001 - public API
    except (model.DoesNotExist, ValidationError, ValueError, OverflowError):
        return None
