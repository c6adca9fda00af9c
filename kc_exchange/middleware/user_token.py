"""Bind the user's token to the request, for as long as the request runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async

from kc_exchange import capture
from kc_exchange.context import bind
from kc_exchange.exceptions import ExchangeError
from kc_exchange.middleware.answers import answer
from kc_exchange.sources import RequestSubject

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


class UserTokenMiddleware:
    """Let `downstream_session` find the user's token; answer for what goes wrong.

    Nothing is captured before somebody asks for a token. Belongs after the session's
    and the authentication's middleware.
    """

    sync_capable = True
    async_capable = True

    def __init__(
        self,
        get_response: Callable[
            [HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]
        ],
    ) -> None:
        self.get_response = get_response
        self.async_mode = iscoroutinefunction(get_response)
        if self.async_mode:
            markcoroutinefunction(self)

    def __call__(
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Run the request with its user's token bound."""
        if self.async_mode:
            return self.__acall__(request)
        with bind(RequestSubject(request)):
            response = self.get_response(request)
        capture.settle(request)
        return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        with bind(RequestSubject(request)):
            response: HttpResponseBase = await self.get_response(request)  # type: ignore[misc]
        if not capture.is_settled(request):
            await sync_to_async(capture.settle)(request)
        return response

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Answer for an error of this package that a view let through."""
        if isinstance(exception, ExchangeError):
            return answer(request, exception)
        return None
