"""Say which process answers, whatever it answers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest


@sync_and_async_middleware
def pid_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[..., Any]:
    """Set `X-Pid`; the first middleware, so that errors have it, too."""

    def marked(response: Any) -> Any:
        response["X-Pid"] = str(os.getpid())
        return response

    async def amiddleware(request: HttpRequest) -> Any:
        return marked(await get_response(request))

    def middleware(request: HttpRequest) -> Any:
        return marked(get_response(request))

    return amiddleware if iscoroutinefunction(get_response) else middleware
