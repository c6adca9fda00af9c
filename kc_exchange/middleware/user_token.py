"""Bind the user's token to the request, for as long as the request runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from kc_exchange import capture
from kc_exchange.context import bind, keep_bound
from kc_exchange.middleware.base import Middleware
from kc_exchange.sources import RequestSubject

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


class UserTokenMiddleware(Middleware):
    """Let `downstream_session` find the user's token; answer for what goes wrong.

    Nothing is captured before somebody asks for a token. A streaming response has the
    same user while it is sent. Where REALM_OF_REQUEST says
    which realm an address belongs to, whoever logged in at another's is nobody here:
    `request.user` is anonymous. Belongs after the session's
    and the authentication's middleware.
    """

    def __call__(
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Run the request with its user's token bound."""
        if self.async_mode:
            return self.__acall__(request)
        capture.shut_out(request)
        binding = partial(bind, RequestSubject(request))
        with binding():
            response: HttpResponseBase = self.get_response(request)
        keep_bound(response, binding)
        capture.settle(request)
        return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        capture.shut_out(request)
        binding = partial(bind, RequestSubject(request))
        with binding():
            response: HttpResponseBase = await self.get_response(request)
        keep_bound(response, binding)
        if not capture.is_settled(request):
            await sync_to_async(capture.settle)(request)
        return response
