"""The operator's session, when a grant leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.middleware.csrf import rotate_token
from django.utils.http import url_has_allowed_host_and_scheme

from kc_exchange.capture.session_age import ends_at, hold
from kc_exchange.impersonation import session
from kc_exchange.impersonation.ending import end
from kc_exchange.models import ImpersonationGrant

if TYPE_CHECKING:
    from django.http import HttpRequest


def leave_session(request: HttpRequest) -> str:
    """Take the grant out of the operator's session; return the path to go back to.

    The session's key and the CSRF token are renewed; the session ends when it would
    have ended.
    """
    item = request.session.pop(session.ITEM, {})
    until = ends_at(request.session, getattr(request.user, "last_login", None))
    hold(request.session, until)
    request.session.cycle_key()
    rotate_token(request)
    return _safe(str(item.get("back", ""))) if isinstance(item, dict) else ""


def _safe(back: str) -> str:
    """Return `back` if it is a path of this site, else nothing."""
    local = back.startswith("/") and url_has_allowed_host_and_scheme(back, None)
    return back if local else ""


def end_current(request: HttpRequest) -> str:
    """End the grant of `request`, at its operator's wish; return the path to go to.

    Call it outside of a transaction, in a view marked `as_operator`.

    Raises:
        AuditUnavailable: it cannot be recorded, so the grant is still open.
    """
    grant = getattr(request, "grant", None)
    if grant is None:
        return ""
    end(grant, ImpersonationGrant.Cause.STOPPED)
    request.grant = None  # type: ignore[attr-defined]
    return leave_session(request)
