"""Let an operator with a grant act as the target; let everybody else pass untouched."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.db import Error

from kc_exchange import capture
from kc_exchange.exceptions import ExchangeError
from kc_exchange.impersonation import session
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.impersonation.overlay import keep_off_caches
from kc_exchange.impersonation.passage import Passage
from kc_exchange.middleware.answers import answer
from kc_exchange.middleware.base import Middleware

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


_PASSAGE = "_kc_exchange_passage"


class ImpersonationMiddleware(Middleware):
    """Set `request.grant` and `request.operator`, and the target's user and session.

    Both are None outside of a grant. Belongs last: after the session's, the
    authentication's, the messages' middleware and `UserTokenMiddleware`. Middleware
    before it sees the operator's request, and when the response is ready the
    operator's session again, but the target as `request.user`: `request.operator` says
    who acted. A thread that outlives the request must not become the operator.
    """

    def __init__(
        self,
        get_response: Callable[
            [HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]
        ],
    ) -> None:
        super().__init__(get_response)
        if self.async_mode:
            self.process_view = self.aprocess_view  # type: ignore[method-assign, assignment]

    def __call__(
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Run the request as whom it is for."""
        if self.async_mode:
            return self.__acall__(request)
        _nobody(request)
        item = session.peek(request)
        if item is None or capture.is_foreign(request):
            response: HttpResponseBase = self.get_response(request)
            return response
        passage = Passage(request, item)
        refused = _entered(passage, request)
        if refused is not None:
            return refused
        with passage.bound():
            response = self.get_response(request)
        passage.leave(response)
        return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        _nobody(request)
        item = await session.apeek(request)
        if item is None or await sync_to_async(capture.is_foreign)(request):
            response: HttpResponseBase = await self.get_response(request)
            return response
        passage = Passage(request, item)
        refused = await sync_to_async(_entered)(passage, request)
        if refused is not None:
            return refused
        try:
            async with passage.abound():
                response = await self.get_response(request)
        except asyncio.CancelledError:  # the client hung up
            await asyncio.shield(sync_to_async(passage.abandon)())
            raise
        await asyncio.shield(sync_to_async(passage.leave)(response))
        return response

    def process_view(
        self, request: HttpRequest, *_view: object
    ) -> HttpResponseBase | None:
        """Refuse a request that is another one than was let in."""
        passage: Passage | None = getattr(request, _PASSAGE, None)
        return None if passage is None else _confirmed(passage, request)

    async def aprocess_view(
        self, request: HttpRequest, *_view: object
    ) -> HttpResponseBase | None:
        """Do as `process_view` does, for an event loop."""
        passage: Passage | None = getattr(request, _PASSAGE, None)
        if passage is None:
            return None
        return await sync_to_async(_confirmed)(passage, request)


def _nobody(request: Any) -> None:
    request.grant = None
    request.operator = None


def _entered(passage: Passage, request: HttpRequest) -> HttpResponseBase | None:
    """Let the request in; return what to answer where it is refused."""
    refusal: ExchangeError
    try:
        passage.enter()
    except ExchangeError as error:
        refusal = error
    except Error:
        refusal = AuditUnavailable()
    else:
        setattr(request, _PASSAGE, passage)
        return None
    response = answer(request, refusal)
    keep_off_caches(response)
    return response


def _confirmed(passage: Passage, request: HttpRequest) -> HttpResponseBase | None:
    try:
        passage.confirm()
    except ExchangeError as error:
        return answer(request, error)
    return None
