"""The target, laid over a request of the operator."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from kc_exchange.impersonation.session import TargetSession
from kc_exchange.models import ImpersonationGrant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_LOOK_AGAIN = 2.0
"""Seconds of a stream after which it is asked again whether the grant is open."""
_OFF = "no-store, private, max-age=0"
_FOR_ONE_CACHE = frozenset({"surrogate-control", "x-accel-expires"})


class Overlay:
    """What a request looks like while its operator acts as the target.

    `request.user`, `request.auser()`, `request.session` and the messages become the
    target's. The session and the messages are put back when the response is ready,
    for the middleware around; a stream finds the target's again.
    """

    def __init__(
        self, request: HttpRequest, grant: ImpersonationGrant, target: AbstractBaseUser
    ) -> None:
        self._request: Any = request
        self._grant = grant
        self._target = target
        self._before = {"session": request.session}
        if hasattr(request, "_messages"):
            self._before["_messages"] = getattr(request, "_messages")  # noqa: B009
        self.session = TargetSession(grant, target, request.session)

    def put_on(self) -> None:
        """Make the request the target's."""
        target = self._target

        async def auser() -> AbstractBaseUser:
            return target

        self._request.__class__ = _uncached(self._request.__class__)
        laid = {"user": target, "auser": auser, "session": self.session}
        cached = {"_cached_user": target, "_acached_user": target}
        for name, value in {**laid, **cached}.items():
            setattr(self._request, name, value)
        if "_messages" in self._before:
            self._request._messages = _messages(self._request)  # noqa: SLF001 - Django's

    def take_off(self, response: HttpResponseBase) -> None:
        """Put the operator's session back."""
        messages = getattr(self._request, "_messages", None)
        if messages is not None and "_messages" in self._before:
            messages.update(response)
        failed = response.status_code >= 500  # noqa: PLR2004 - as Django's sessions
        try:
            if not self.session.is_left and self.session.modified and not failed:
                self.session.save()
        finally:
            for name, value in self._before.items():
                setattr(self._request, name, value)
        keep_off_caches(response)
        self._guard_stream(response)

    def is_on(self) -> bool:
        """Return whether the request is the target's still, or nobody's."""
        user = self._request.user
        return user is self._target or user.pk in {None, self._target.pk}

    def _guard_stream(self, response: HttpResponseBase) -> None:
        if not response.streaming:
            return
        content: Any = response.streaming_content  # type: ignore[attr-defined]
        guarded = self._achunks if response.is_async else self._chunks  # type: ignore[attr-defined]
        response.streaming_content = guarded(content)  # type: ignore[attr-defined]

    def _chunks(self, content: Iterator[bytes]) -> Iterator[bytes]:
        watch = _Watch(self._grant)
        self._request.session = self.session
        for chunk in content:
            if watch.is_due() and not watch.is_open():
                return
            yield chunk

    async def _achunks(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        watch = _Watch(self._grant)
        self._request.session = self.session
        async for chunk in content:
            if watch.is_due() and not await sync_to_async(watch.is_open)():
                return
            yield chunk


class _Watch:
    """Whether a grant is still open, asked from time to time."""

    def __init__(self, grant: ImpersonationGrant) -> None:
        self._grant = grant
        self._asked_at = time.monotonic()

    def is_due(self) -> bool:
        late = timezone.now() >= self._grant.expires_at
        return late or time.monotonic() - self._asked_at >= _LOOK_AGAIN

    def is_open(self) -> bool:
        self._asked_at = time.monotonic()
        return ImpersonationGrant.objects.in_force(self._grant.pk).exists()


def keep_off_caches(response: HttpResponseBase) -> None:
    """Say that no cache, Django's included, may keep the response."""
    for name in [n for n in response.headers if _is_for_one_cache(n.lower())]:
        del response.headers[name]
    response.headers["Cache-Control"] = _OFF
    patch_vary_headers(response, ["Cookie"])


def _is_for_one_cache(name: str) -> bool:
    """Whether a header overrules Cache-Control somewhere, as RFC 9213 lets it."""
    return name.endswith("-cache-control") or name in _FOR_ONE_CACHE


def _messages(request: HttpRequest) -> Any:
    """Messages in the session alone: the cookie's would be the operator's, too."""
    from django.contrib.messages.storage.session import (  # noqa: PLC0415
        SessionStorage,
    )

    return SessionStorage(request)


class _Uncached:
    """A request whose response `cache_page` does not keep: the banner is in it."""

    @property
    def _cache_update_cache(self) -> bool:
        return False

    @_cache_update_cache.setter
    def _cache_update_cache(self, value: bool) -> None:
        """Django's cache middleware sets it at each request."""


@lru_cache(maxsize=8)
def _uncached(kind: type) -> type:
    return type(kind.__name__, (_Uncached, kind), {})
