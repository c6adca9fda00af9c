"""The session of `session`, for event loops: an `httpx.AsyncClient`."""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import httpx

from kc_exchange import forks
from kc_exchange.downstream.challenge import Challenge
from kc_exchange.downstream.frames import without_frames
from kc_exchange.downstream.origin import origin_of
from kc_exchange.exceptions import ReservedHeader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kc_exchange.conf import Downstream
    from kc_exchange.sources import TokenSource
    from kc_exchange.tokens import AccessToken

_POOL = httpx.Limits(max_connections=64, max_keepalive_connections=32)
_MAX_REDIRECTS = 5
_REFUSED = frozenset({401, 403})
_RESERVED = ("authorization", "proxy-authorization")


class _SharedTransport(httpx.AsyncBaseTransport):
    """The connections to one downstream, for all clients of one event loop."""

    def __init__(self, downstream: Downstream) -> None:
        self._inner = httpx.AsyncHTTPTransport(
            verify=_tls(downstream.ca_bundle), limits=_POOL, trust_env=False
        )

        self._lifetime: AsyncGenerator[None, None] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._lifetime is None:
            self._lifetime = self._until_shutdown()
            await anext(self._lifetime)
        return await self._inner.handle_async_request(request)

    async def _until_shutdown(self) -> AsyncGenerator[None, None]:
        """Close the connections with the loop: it ends its open generators."""
        try:
            yield
        finally:
            _transports.pop(asyncio.get_running_loop(), None)
            await self._inner.aclose()

    async def aclose(self) -> None:
        """Leave the connections to the other clients."""


_Transports = dict[tuple[str, str], _SharedTransport]
_transports: WeakKeyDictionary[asyncio.AbstractEventLoop, _Transports] = (
    WeakKeyDictionary()
)
forks.in_child(_transports.clear)


@lru_cache(maxsize=16)
def _tls(ca_bundle: str) -> ssl.SSLContext:
    """Building one takes 40 ms."""
    if ca_bundle:
        return ssl.create_default_context(cafile=ca_bundle)
    return httpx.create_ssl_context(trust_env=False)


def _transport(downstream: Downstream) -> httpx.AsyncBaseTransport:
    mine = _transports.setdefault(asyncio.get_running_loop(), {})
    reached = (downstream.base_url, downstream.ca_bundle)
    if reached not in mine:
        mine[reached] = _SharedTransport(downstream)
    return mine[reached]


class DownstreamClient(httpx.AsyncClient):
    """A client for one user and one downstream; made by `downstream_client`.

    It keeps the rules of `DownstreamSession`. Make it and use it in one event loop.
    """

    def __init__(self, downstream: Downstream, source: TokenSource) -> None:
        connect, read = downstream.timeout
        self._default_timeout = httpx.Timeout(read, connect=connect)
        super().__init__(
            base_url=downstream.base_url,
            transport=_transport(downstream),
            trust_env=False,
            timeout=self._default_timeout,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        self._downstream = downstream
        self._source = source
        self._origin = origin_of(downstream.name, downstream.base_url)

    async def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        auth: Any = httpx.USE_CLIENT_DEFAULT,
        follow_redirects: Any = httpx.USE_CLIENT_DEFAULT,
    ) -> httpx.Response:
        """Sign a request and send it; redirects are followed within the origin.

        Raises:
            ExchangeError: no token could be obtained, or it does not suffice.
            WrongDownstream: the URL, or a redirect, belongs to somebody else.
            ReservedHeader: the request brings `auth` or `Authorization`.
            httpx.HTTPError: as of `httpx.AsyncClient.send`.
        """
        if auth is not httpx.USE_CLIENT_DEFAULT or self.auth is not None:
            raise ReservedHeader(audience=self._downstream.name)
        if any(name in request.headers for name in _RESERVED):
            raise ReservedHeader(audience=self._downstream.name)
        if request.headers.get("Host") != request.url.netloc.decode("ascii"):
            raise ReservedHeader(audience=self._downstream.name)
        self._bound(request)
        follows = (
            self.follow_redirects
            if follow_redirects is httpx.USE_CLIENT_DEFAULT
            else bool(follow_redirects)
        )
        response = await self._answered(request, stream=stream)
        for _ in range(_MAX_REDIRECTS if follows else 0):
            if response.next_request is None:
                break
            await response.aclose()
            response.next_request.headers.pop("Authorization", None)
            response = await self._answered(response.next_request, stream=stream)
        if follows and response.next_request is not None:
            await response.aclose()
            raise httpx.TooManyRedirects("Too many redirects.", request=request)
        return response

    def _merge_url(self, url: httpx.URL | str) -> httpx.URL:
        """Read `//host/path` as the other place that it names, not as a path."""
        if str(url).startswith("//"):
            self._origin.absolute(str(url))
        return super()._merge_url(url)

    def _bound(self, request: httpx.Request) -> None:
        """Leave no part of the timeout open."""
        given = request.extensions.get("timeout") or {}
        kept = {name: value for name, value in given.items() if value is not None}
        timeout = self._default_timeout.as_dict() | kept
        request.extensions = {**request.extensions, "timeout": timeout}

    async def _answered(
        self, request: httpx.Request, *, stream: bool
    ) -> httpx.Response:
        self._origin.check(str(request.url))
        token = await self._source.atoken()
        response = await self._signed(request, token, stream=stream)
        if response.status_code not in _REFUSED:
            return response
        challenge = self._challenge(response)
        if challenge.rejects_token(bare=self._downstream.accept_bare_401):
            # A shared cache is asked for it, too: not in the event loop.
            await asyncio.to_thread(self._source.discard, token)
            if isinstance(request.stream, httpx.ByteStream):
                await response.aclose()
                newer = await self._source.atoken()
                response = await self._signed(request, newer, stream=stream)
                challenge = self._challenge(response)
        error = challenge.error(self._downstream.name)
        if error is not None:
            await response.aclose()
            raise error
        return response

    async def _signed(
        self, request: httpx.Request, token: AccessToken, *, stream: bool
    ) -> httpx.Response:
        request.headers["Authorization"] = token.authorization
        try:
            return await super().send(
                request, stream=stream, auth=None, follow_redirects=False
            )
        except httpx.HTTPError as error:
            failure = error
        raise without_frames(failure)

    def _challenge(self, response: httpx.Response) -> Challenge:
        header = ", ".join(response.headers.get_list("www-authenticate"))
        return Challenge(response.status_code, header)
