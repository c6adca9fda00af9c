"""The connections of `httpx` to downstreams, shared within an event loop."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import httpx

from kc_exchange import forks, transport

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from kc_exchange.conf import Downstream

_POOL = httpx.Limits(max_connections=64, max_keepalive_connections=32)


class _Body(httpx.AsyncByteStream):
    """The body of a reply, which says when nobody reads it any more."""

    def __init__(
        self, inner: httpx.AsyncByteStream, done: Callable[[], Awaitable[None]]
    ) -> None:
        self._inner = inner
        self._done = done
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            yield part

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            if not self._is_closed:
                self._is_closed = True
                await self._done()


class _Pool:
    """The connections of one TLS context."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self._inner = httpx.AsyncHTTPTransport(
            verify=context, limits=_POOL, trust_env=False
        )
        self._calls = 0
        self._is_over = False

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self._calls += 1
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException:
            await self._done()
            raise
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _Body(response.stream, self._done)
        return response

    async def end(self) -> None:
        """Close now, or once the calls under way are over."""
        self._is_over = True
        if self._calls == 0:
            await self._inner.aclose()

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _done(self) -> None:
        self._calls -= 1
        if self._is_over and self._calls == 0:
            await self._inner.aclose()


class SharedTransport(httpx.AsyncBaseTransport):
    """The connections to one downstream, for all clients of one event loop.

    New certificates take new ones: calls under way finish on the former.
    """

    def __init__(self, downstream: Downstream) -> None:
        self._downstream = downstream
        self._pool = _Pool(_context(downstream))
        self._lifetime: AsyncGenerator[None, None] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send on a connection that has shown the newest certificate."""
        if self._lifetime is None:
            self._lifetime = self._until_shutdown()
            await anext(self._lifetime)
        context = await _newest(self._downstream)
        if context is not self._pool.context:
            former, self._pool = self._pool, _Pool(context)
            await former.end()
        return await self._pool.handle(request)

    async def _until_shutdown(self) -> AsyncGenerator[None, None]:
        """Close the connections with the loop: it ends its open generators."""
        try:
            yield
        finally:
            _transports.pop(asyncio.get_running_loop(), None)
            await self._pool.aclose()

    async def aclose(self) -> None:
        """Leave the connections to the other clients."""


_Transports = dict[tuple[str, str, str, str], SharedTransport]
_transports: WeakKeyDictionary[asyncio.AbstractEventLoop, _Transports] = (
    WeakKeyDictionary()
)
forks.in_child(_transports.clear)


def transport_of(downstream: Downstream) -> SharedTransport:
    """Return the transport of a downstream in the running event loop, made once."""
    mine = _transports.setdefault(asyncio.get_running_loop(), {})
    reached = (
        downstream.base_url,
        downstream.ca_bundle,
        downstream.certificate,
        downstream.certificate_key,
    )
    if reached not in mine:
        mine[reached] = SharedTransport(downstream)
    return mine[reached]


def _context(downstream: Downstream) -> ssl.SSLContext:
    if downstream.ca_bundle or downstream.certificate:
        return transport.context_of(downstream)
    return _usual()


async def _newest(downstream: Downstream) -> ssl.SSLContext:
    """Files that have changed are loaded in a thread: it takes 40 ms."""
    if not (downstream.ca_bundle or downstream.certificate):
        return _usual()
    known = transport.loaded_context_of(downstream)
    if known is not None:
        return known
    return await asyncio.to_thread(transport.context_of, downstream)


@cache
def _usual() -> ssl.SSLContext:
    """Building one takes 40 ms."""
    return httpx.create_ssl_context(trust_env=False)
