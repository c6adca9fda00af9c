"""Whether a request of an operator who has a grant is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone

from kc_exchange import conf
from kc_exchange.capture.realms import is_elsewhere
from kc_exchange.exceptions import ExchangeMisconfigured
from kc_exchange.impersonation import conditions, marks, session
from kc_exchange.impersonation.errors import (
    BearerWhileImpersonating,
    ForbiddenWhileImpersonating,
    ImpersonationError,
    ReadOnlyGrant,
)
from kc_exchange.models import ImpersonationGrant

if TYPE_CHECKING:
    from django.http import HttpRequest

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 section 9.2.1."""

Cause = ImpersonationGrant.Cause


def found(item: dict[str, Any]) -> ImpersonationGrant | None:
    """Return the grant that a session's item names, None if there is none."""
    try:
        pk = UUID(str(item.get("grant")))
    except ValueError:
        return None
    return ImpersonationGrant.objects.filter(pk=pk).first()


def resolved(request: HttpRequest) -> ResolverMatch | None:
    """Return the view that the request will reach, None if there is none."""
    try:
        return resolve(request.path_info, getattr(request, "urlconf", None))
    except Resolver404:
        return None


def why_over(request: Any, grant: ImpersonationGrant, target: Any) -> str:
    """Return why the grant no longer holds in this session, nothing while it does.

    It asks for the user last of all that is free: that may empty the session.
    """
    digest = session.digest(request.session.session_key)
    operator = request.user
    if not grant.is_open:
        return grant.end_cause or Cause.NOT_STARTED
    if not operator.is_authenticated:
        return conditions.signed_out(grant)
    if str(operator.pk) != grant.operator_id or digest != grant.session_digest:
        return Cause.SESSION_CHANGED
    now = timezone.now()
    return conditions.over(grant, now) or conditions.lost(grant, operator, target) or ""


def why_forbidden(
    request: HttpRequest, match: ResolverMatch | None, grant: ImpersonationGrant
) -> ImpersonationError | None:
    """Return what keeps this request out of the grant, None if nothing does."""
    if names_another(request):
        return BearerWhileImpersonating()
    if _is_elsewhere(request, grant):
        return ForbiddenWhileImpersonating(
            "This address belongs to another realm than the impersonation.",
            "Go back to the address where it began.",
        )
    if marks.is_forbidden(match):
        return ForbiddenWhileImpersonating()
    writes = request.method not in _SAFE
    if grant.is_read_only and writes and not marks.only_reads_at(match):
        return ReadOnlyGrant()
    return None


def _is_elsewhere(request: HttpRequest, grant: ImpersonationGrant) -> bool:
    if grant.is_local:
        return False
    return is_elsewhere(request, conf.current().realm(grant.realm).issuer)


def changed_on_its_way() -> ExchangeMisconfigured:
    """Return what to raise where another request runs than was let in."""
    return ExchangeMisconfigured(
        "A middleware after ImpersonationMiddleware changed the user, the method or "
        "the view of a request that was let in.",
        "Move kc_exchange.middleware.ImpersonationMiddleware to the end of MIDDLEWARE.",
    )


def names_another(request: HttpRequest) -> bool:
    """Return whether the request names an identity beside its session's.

    Basic authentication may be that of the web server before the site.
    """
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    return scheme.lower() not in {"", "basic"}
