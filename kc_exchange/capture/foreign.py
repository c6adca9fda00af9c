"""Sessions of one realm's login at the address of another: nobody is logged in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.utils.functional import SimpleLazyObject

from kc_exchange import conf
from kc_exchange.capture.realms import BY_ISSUER, is_elsewhere
from kc_exchange.capture.session import ISSUER
from kc_exchange.exceptions import UnknownRealm

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http import HttpRequest


def is_foreign(request: HttpRequest) -> bool:
    """Whether the session's login was of another realm than the request's.

    A login without Keycloak is of no realm, and so of none other.
    """
    session = getattr(request, "session", None)
    if session is None or session.session_key is None or not _has_tenants():
        return False
    issuer = session.get(ISSUER)
    if not issuer:
        return False
    try:
        return is_elsewhere(request, issuer)
    except UnknownRealm:
        return True


def shut_out(request: Any) -> None:
    """Make `request.user` nobody where the session is foreign, when it is asked for."""
    if not _has_tenants() or not hasattr(request, "user"):
        return
    user, auser = request.user, getattr(request, "auser", None)
    request.user = SimpleLazyObject(lambda: _nobody() if is_foreign(request) else user)
    if auser is not None:
        request.auser = partial(_aguarded, request, auser)


async def _aguarded(request: HttpRequest, auser: Callable[[], Awaitable[Any]]) -> Any:
    foreign = await sync_to_async(is_foreign)(request)
    return _nobody() if foreign else await auser()


def _nobody() -> Any:
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415 - apps first

    return AnonymousUser()


def _has_tenants() -> bool:
    return conf.current().realm_of_request != BY_ISSUER
