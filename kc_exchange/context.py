"""Who is called for, right here and now."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from kc_exchange import conf
from kc_exchange.capture.bearer import provider_token
from kc_exchange.sources import FixedSubject, Subject
from kc_exchange.tokens import SubjectToken, claims_of, expiry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

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
