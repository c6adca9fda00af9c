"""Capture the user's token, from a bearer header or from the login's session.

`capture(request)` asks the functions of the setting `CAPTURE` in order, and refuses a
token of another tenant (`realms`). A login hands its tokens to `keep`; they lie in the
session, sealed for it alone. `renew` replaces them once they are over, and `settle`
runs when the response is ready.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

from kc_exchange import conf
from kc_exchange.capture.bearer import bearer_token, from_bearer
from kc_exchange.capture.foreign import is_foreign, shut_out
from kc_exchange.capture.realms import (
    login_realm,
    realm_by_host,
    realm_by_issuer,
    realm_of,
    refuse_foreign,
)
from kc_exchange.capture.renewal import renew
from kc_exchange.capture.session import (
    forget,
    from_session,
    keep,
    kept,
    seal_pending,
    uses_cookie_sessions,
)
from kc_exchange.capture.settling import is_settled, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from kc_exchange.tokens import SubjectToken

__all__ = [
    "bearer_token",
    "capture",
    "forget",
    "from_bearer",
    "from_session",
    "is_foreign",
    "is_settled",
    "keep",
    "kept",
    "login_realm",
    "realm_by_host",
    "realm_by_issuer",
    "realm_of",
    "renew",
    "seal_pending",
    "settle",
    "shut_out",
    "uses_cookie_sessions",
]


def capture(request: HttpRequest) -> SubjectToken | None:
    """Return the subject token of `request`, None where it carries none.

    Raises:
        InvalidRequest: its bearer token is malformed.
        UnknownRealm: nobody configured who issued it.
        SubjectTokenRejected: it is of another realm than the request.
        ExchangeMisconfigured: it is of a realm that is not configured.
    """
    for function in _functions(conf.current().capture):
        token = function(request)
        if token is not None:
            refuse_foreign(request, token.realm)
            return token
    return None


@lru_cache(maxsize=8)
def _functions(
    paths: tuple[str, ...],
) -> tuple[Callable[[HttpRequest], SubjectToken | None], ...]:
    return tuple(import_string(path) for path in paths)
