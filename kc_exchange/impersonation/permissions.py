"""Who may act as whom.

What no setting can allow: without the model's permission, as oneself, by or as an
inactive account. Everything else is the predicate's, which MAY_IMPERSONATE replaces.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import Error
from django.utils.module_loading import import_string

from kc_exchange import conf
from kc_exchange.impersonation.errors import ImpersonationRefused
from kc_exchange.models import ImpersonationGrant

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

_log = logging.getLogger("kc_exchange")

IMPERSONATE = "kc_exchange.impersonate"
READ_WRITE = "kc_exchange.impersonate_read_write"
VIEW_GRANTS = "kc_exchange.view_impersonationgrant"
VIEW_EVENTS = "kc_exchange.view_auditevent"
END = "kc_exchange.end_impersonation"

OF_TARGET = frozenset({"target_superuser", "more_rights"})
"""Refusals because of what the target may do."""


def check(
    *, operator: AbstractBaseUser | Any, target: AbstractBaseUser, mode: str
) -> None:
    """Return if `operator` may act as `target` in `mode`.

    Asked when the button is drawn, when the form is shown, at the start, and at every
    request of a grant.

    Raises:
        ImpersonationRefused: they may not; it says why.
    """
    _check_operator(operator, mode)
    if operator.pk == target.pk:
        raise _refused("self", "You are this person already.", "Choose somebody else.")
    if not target.is_active:
        raise _refused(
            "target_inactive",
            "This account is not active.",
            "Activate it first, if its owner agrees.",
        )
    if not _is_allowed(operator, target, mode):
        raise ImpersonationRefused(reason="not_allowed")


def may_impersonate(*, operator: Any, target: Any, mode: str) -> bool:
    """Return True if the operator could do by themself all that the target can.

    The default of MAY_IMPERSONATE. A function in its place has the same arguments,
    returns True to allow, and anything else, or an `ImpersonationRefused`, to refuse.
    Any other error of it refuses, too, and is logged.

    Args:
        operator: an active user with the permission for `mode`.
        target: another active user.
        mode: "read-only" or "read-write".

    Raises:
        ImpersonationRefused: the target is a superuser, is staff where the operator is
            not, or has a permission that the operator lacks; or there is no telling.
    """
    del mode
    if getattr(target, "is_superuser", False):
        raise _refused(
            "target_superuser",
            "Nobody acts as a superuser.",
            "Let the superuser do it, or look at it together.",
        )
    if getattr(target, "is_staff", False) and not getattr(operator, "is_staff", False):
        raise _more_rights("is staff")
    if getattr(operator, "is_superuser", False):
        return True
    if not hasattr(target, "get_all_permissions"):
        raise _refused(
            "rights_unknown",
            "The users of this site do not list their permissions: nobody can tell "
            "whether you would gain rights.",
            "Ask an administrator.",
            "Name a function of the project's own in MAY_IMPERSONATE of "
            "KC_EXCHANGE['IMPERSONATION'].",
        )
    more = target.get_all_permissions() - operator.get_all_permissions()
    if more:
        raise _more_rights(f"has {len(more)} permissions that you do not have")
    return True


def _is_allowed(operator: Any, target: Any, mode: str) -> bool:
    """Ask MAY_IMPERSONATE; where it fails, nobody is allowed, and the log has why."""
    path = conf.current().impersonation.may_impersonate
    predicate = import_string(path)
    try:
        return predicate(operator=operator, target=target, mode=mode) is True
    except (ImpersonationRefused, Error):
        raise
    except Exception as failure:
        _log.exception("kc_exchange.may_impersonate_failed %s", path)
        raise _refused(
            "rule_failed",
            "Whether you may act as this person could not be found out.",
            "Ask an administrator: the log has the error.",
            f"Mend {path}.",
        ) from failure


def _check_operator(operator: AbstractBaseUser | Any, mode: str) -> None:
    if not operator.is_active:
        raise _refused(
            "operator_inactive", "Your account is not active.", "Ask an administrator."
        )
    if not _has(operator, IMPERSONATE):
        raise _refused(
            "no_permission",
            "You may not act as other people.",
            f"Ask an administrator for the permission {IMPERSONATE}.",
        )
    writes = mode == ImpersonationGrant.Mode.READ_WRITE
    if writes and not _has(operator, READ_WRITE):
        raise _refused(
            "no_write_permission",
            "You may look, but not change anything, as somebody else.",
            f"Choose read only, or ask for the permission {READ_WRITE}.",
        )


def _has(user: AbstractBaseUser | Any, permission: str) -> bool:
    return hasattr(user, "has_perm") and bool(user.has_perm(permission))


def _more_rights(what: str) -> ImpersonationRefused:
    return _refused(
        "more_rights",
        f"This person {what}: you would gain rights.",
        "Ask somebody with those rights to do it.",
    )


def _refused(
    reason: str, cause: str, fix: str, setting: str = ""
) -> ImpersonationRefused:
    return ImpersonationRefused(cause, fix, reason=reason, setting=setting)
