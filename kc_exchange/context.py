"""Who is called for, right here and now."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from kc_exchange import conf
from kc_exchange.capture.bearer import provider_token
from kc_exchange.sources import FixedSubject, Subject
from kc_exchange.tokens import SubjectToken, claims_of, expiry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractContextManager

    from django.http.response import HttpResponseBase

P = ParamSpec("P")
T = TypeVar("T")

_bound: ContextVar[Subject | None] = ContextVar("kc_exchange_subject", default=None)
_NOBODY = FixedSubject(None)


def bound_subject() -> Subject:
    """Return whom the running request is for; outside of one, nobody.

    Nobody is an answer, too: `token()` of it raises `NoSubjectToken`.
    """
    return _bound.get() or _NOBODY


@contextmanager
def bind(subject: Subject) -> Iterator[None]:
    """Bind `subject` for the block, and whoever was bound before after it."""
    before = _bound.set(subject)
    try:
        yield
    finally:
        _bound.reset(before)


def carried(function: Callable[P, T]) -> Callable[P, T]:
    """Return `function`, which runs as whoever is bound here, in whatever thread.

    Threads and pools inherit nothing by themselves. Each call runs in a copy of its
    own of the context in which this was called, so `pool.map(carried(f), items)` may
    run them at the same time, and nothing that one sets reaches another.

    Raises:
        TypeError: it is a coroutine function; a task has its creator's context anyway.
    """
    if iscoroutinefunction(function):
        raise TypeError(
            f"{function!r} is a coroutine function. Fix: await it, or make a task of "
            "it: both run in the context in which they are made."
        )
    here = copy_context()

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> T:
        return here.copy().run(function, *args, **kwargs)

    return inside


def keep_bound(
    response: HttpResponseBase, binding: Callable[[], AbstractContextManager[None]]
) -> None:
    """Let a streaming response produce each part of its content inside `binding()`.

    Its generator runs when the request is over and nobody is bound any more. Files are
    left to the server: nothing of ours runs while they are sent.
    """
    if not response.streaming or getattr(response, "file_to_stream", None) is not None:
        return
    streaming: Any = response
    steps = _asteps if streaming.is_async else _steps
    streaming.streaming_content = steps(streaming.streaming_content, binding)


def _steps(
    content: Iterator[bytes], binding: Callable[[], AbstractContextManager[None]]
) -> Iterator[bytes]:
    while True:
        with binding():
            try:
                part = next(content)
            except StopIteration:
                return
        yield part


async def _asteps(
    content: AsyncIterator[bytes], binding: Callable[[], AbstractContextManager[None]]
) -> AsyncIterator[bytes]:
    while True:
        with binding():
            try:
                part = await anext(content)
            except StopAsyncIteration:
                return
        yield part


def using_subject_token(
    value: str, *, realm: str = "", provider: str = ""
) -> AbstractContextManager[None]:
    """Return a context manager that binds a token at hand, in a script or a test.

    `realm` is the alias of the realm that issued it, or `provider` that of one of
    PROVIDERS; without either it is the realm whose issuer the token names, or else
    `default`. There is no refreshing: after its expiry, calls raise
    `SubjectTokenExpired`.

    Raises:
        UnknownProvider: there is no such provider.
    """
    expires_at = expiry(value)
    if provider:
        known = conf.current().provider(provider)
        return bind(FixedSubject(provider_token(value, known, expires_at)))
    alias = realm or _realm_of(value)
    token = SubjectToken(value=value, realm=alias, expires_at=expires_at)
    return bind(FixedSubject(token))


def _realm_of(value: str) -> str:
    known = conf.current().realm_of_issuer(claims_of(value).get("iss"))
    return known.alias if known else "default"
