"""The session of `session`, for event loops: an `httpx.AsyncClient`."""

from __future__ import annotations

import asyncio
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import httpx

from kc_exchange import dpop
from kc_exchange.downstream import signing
from kc_exchange.downstream.challenge import Challenge
from kc_exchange.downstream.frames import without_frames
from kc_exchange.downstream.origin import origin_of
from kc_exchange.downstream.transports import transport_of
from kc_exchange.exceptions import ReservedHeader

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream
    from kc_exchange.sources import TokenSource
    from kc_exchange.tokens import AccessToken

_MAX_REDIRECTS = 5
_REFUSED = frozenset({401, 403})
_RESERVED = ("authorization", "proxy-authorization")


class DownstreamClient(httpx.AsyncClient):
    """A client for one user and one downstream; made by `downstream_client`.

    It keeps the rules of `DownstreamSession`. Make it and use it in one event loop.
    """

    def __init__(self, downstream: Downstream, source: TokenSource) -> None:
        connect, read = downstream.timeout
        self._default_timeout = httpx.Timeout(read, connect=connect)
        super().__init__(
            base_url=downstream.base_url,
            transport=transport_of(downstream),
            trust_env=False,
            timeout=self._default_timeout,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        self._downstream = downstream
        self._source = source
        self._reserved = (*_RESERVED, "dpop") if downstream.dpop else _RESERVED
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
        if any(name in request.headers for name in self._reserved):
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
            signing.unsign(response.next_request.headers)
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
            try:
                await asyncio.to_thread(self._source.discard, token)
            except BaseException:
                await response.aclose()
                raise
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
        """Send with a fresh proof, if any; once more with the nonce that is wanted."""
        response = await self._sent(request, token, stream=stream)
        if token.thumbprint and self._wants_nonce(request, response):
            if not isinstance(request.stream, httpx.ByteStream):
                return response
            await response.aclose()
            response = await self._sent(request, token, stream=stream)
            self._wants_nonce(request, response)
        return response

    def _wants_nonce(self, request: httpx.Request, response: httpx.Response) -> bool:
        """Keep the nonce that came, and tell whether it was asked for."""
        learned = signing.learn(str(request.url), response.headers.get(dpop.NONCE))
        return learned and self._challenge(response).wants_nonce()

    async def _sent(
        self, request: httpx.Request, token: AccessToken, *, stream: bool
    ) -> httpx.Response:
        plain, request.headers = request.headers, request.headers.copy()
        try:
            signing.sign(request.headers, request.method, str(request.url), token)
            return await super().send(
                request, stream=stream, auth=None, follow_redirects=False
            )
        except httpx.HTTPError as error:
            failure = error
        except ssl.SSLError as error:
            # What comes after the handshake, such as "certificate required".
            failure = httpx.ReadError(str(error), request=request)
        finally:
            # It is the caller's, who may send it again, or show it to somebody.
            request.headers = plain
        raise without_frames(failure)

    def _challenge(self, response: httpx.Response) -> Challenge:
        header = ", ".join(response.headers.get_list("www-authenticate"))
        return Challenge(response.status_code, header)
