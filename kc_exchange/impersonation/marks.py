"""What a view says of itself: whom it is for, and what nobody does there."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.db import connections, transaction
from django.http import HttpRequest

from kc_exchange import conf
from kc_exchange.impersonation import audit, events
from kc_exchange.impersonation.errors import ForbiddenWhileImpersonating
from kc_exchange.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.urls import ResolverMatch

    from kc_exchange.impersonation.errors import ImpersonationError
    from kc_exchange.models import ImpersonationGrant

View = TypeVar("View", bound="Callable[..., Any]")

_AS_OPERATOR = "kc_exchange_as_operator"
_READS = "kc_exchange_reads"
_LOGOUTS = frozenset({"logout", "account_logout", "oidc_logout"})
"""Names of Django's, allauth's and mozilla-django-oidc's: a logout ends the grant."""


def forbid_while_impersonating(view: View) -> View:
    """Refuse a view to whoever acts as somebody else, whatever the grant.

    For what only the person themself may do: password, e-mail address, second factor,
    keys, payment. Works on functions and methods, sync and async; on a class use it
    with `method_decorator(..., name="dispatch")`.
    """
    if iscoroutinefunction(view):

        @wraps(view)
        async def aguarded(*args: Any, **kwargs: Any) -> Any:
            await sync_to_async(refuse_while_impersonating)(_request_of(args, kwargs))
            return await view(*args, **kwargs)

        return cast("View", aguarded)

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        refuse_while_impersonating(_request_of(args, kwargs))
        return view(*args, **kwargs)

    return cast("View", guarded)


def as_operator(view: View) -> View:
    """Run a view as the operator even while they act as somebody else.

    The view that is returned, and no other route to the one that was handed in. A class
    is marked itself, and no class derived from it.
    """
    return _with_mark(view, _AS_OPERATOR)


def only_reads(view: View) -> View:
    """Let a view be called by POST under a read-only grant: it changes nothing.

    It marks what `as_operator` would mark.
    """
    return _with_mark(view, _READS)


def outside_transactions(view: View) -> View:
    """Run a view without the transaction of ATOMIC_REQUESTS, on every database.

    For views that start or end a grant: its record is committed by itself.
    """
    for alias in connections:
        transaction.non_atomic_requests(using=alias)(view)
    return view


def is_as_operator(match: ResolverMatch | None) -> bool:
    """Return whether the operator stays themself: in the admin, and where marked."""
    if match is None:
        return False
    return "admin" in match.app_names or _marked(match, _AS_OPERATOR)


def only_reads_at(match: ResolverMatch | None) -> bool:
    """Return whether the view says that it changes nothing, or logs out."""
    if match is None:
        return False
    return match.view_name in _LOGOUTS or _marked(match, _READS)


def is_forbidden(match: ResolverMatch | None) -> bool:
    """Return whether FORBIDDEN_URL_NAMES has the URL's name; `*` stands for any."""
    if match is None or not match.view_name:
        return False
    patterns = conf.current().impersonation.forbidden_url_names
    return any(fnmatchcase(match.view_name, pattern) for pattern in patterns)


def route_of(match: ResolverMatch | None) -> str:
    """Return the name of a URL, or its pattern where it has none."""
    if match is None:
        return ""
    return match.view_name if match.url_name else str(match.route)


def _marked(match: ResolverMatch, mark: str) -> bool:
    kind = getattr(match.func, "view_class", None) or getattr(match.func, "cls", None)
    return bool(
        getattr(match.func, mark, False) or mark in getattr(kind, "__dict__", ())
    )


def _with_mark(view: View, mark: str) -> View:
    """Mark a class; of a function, another one that calls it."""
    marked: Any = view
    if not isinstance(view, type):
        marked = _called_by_another(view)
    setattr(marked, mark, True)
    return cast("View", marked)


def _called_by_another(view: Callable[..., Any]) -> Callable[..., Any]:
    if iscoroutinefunction(view):

        @wraps(view)
        async def acaller(*args: Any, **kwargs: Any) -> Any:
            return await view(*args, **kwargs)

        return acaller

    @wraps(view)
    def caller(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return caller


def _request_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the request among the arguments: a method has its object before it.

    Raises:
        TypeError: there is none, so nobody could be refused.
    """
    for found in (*args[:2], kwargs.get("request")):
        if isinstance(found, HttpRequest) or isinstance(
            getattr(found, "_request", None), HttpRequest
        ):
            return found
    raise TypeError(
        "forbid_while_impersonating found no request among the first two arguments. "
        'Fix: decorate a view, or a class by method_decorator(..., name="dispatch").'
    )


def refuse_while_impersonating(request: Any) -> None:
    """Return if nobody acts as somebody else in `request`.

    Raises:
        ForbiddenWhileImpersonating: somebody does; that they tried is recorded.
    """
    if getattr(request, "operator", None) is None:
        return
    error = ForbiddenWhileImpersonating()
    match = getattr(request, "resolver_match", None)
    record_refusal(request, match, request.grant, error)
    raise error


def record_refusal(
    request: HttpRequest,
    match: ResolverMatch | None,
    grant: ImpersonationGrant,
    error: ImpersonationError,
) -> None:
    """Record that a request was refused under a grant.

    Raises:
        AuditUnavailable: it cannot be recorded.
    """
    refused = events.about(
        grant,
        AuditEvent.Type.REQUEST_REFUSED,
        outcome="failure",
        code=error.code,
        **events.asked(request, route_of(match)),
    )
    audit.record(refused)
