"""Two sessions in one request: the operator's, and what the target's pages see."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import (
    CreateError,
    SessionBase,
    UpdateError,
)
from django.middleware.csrf import CSRF_SESSION_KEY
from django.utils.crypto import salted_hmac

from kc_exchange.capture.session import session_store
from kc_exchange.models import ImpersonationGrant

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest

ITEM = "_kc_exchange_grant"
"""The item of the operator's session that names the grant."""
_WRAPPED = "_kc_exchange_as_target"
_SALT = "kc_exchange.impersonation.session"


class TargetSession(SessionBase):
    """The session that views see under a grant.

    It says that the target is logged in, and holds what their pages put into it; it is
    stored apart from the operator's, without what it takes to be logged in: presented
    as a cookie, its key opens an empty session.
    """

    def __init__(
        self, grant: ImpersonationGrant, target: AbstractBaseUser, beneath: SessionBase
    ) -> None:
        super().__init__(_key(grant.pk))
        self._grant = grant.pk
        self._until = grant.expires_at
        self._beneath = beneath
        self._login = {
            SESSION_KEY: target._meta.pk.value_to_string(target),  # noqa: SLF001 - public API
            BACKEND_SESSION_KEY: beneath.get(BACKEND_SESSION_KEY, ""),
            HASH_SESSION_KEY: target.get_session_auth_hash(),
        }
        self.flushed = False

    @property
    def is_left(self) -> bool:
        """Whether a view logged the target out, or somebody else in."""
        if self.flushed or not hasattr(self, "_session_cache"):
            return self.flushed
        return bool(self._session_cache.get(SESSION_KEY) != self._login[SESSION_KEY])

    def load(self) -> dict[str, Any]:
        """Return what is stored, as the session of somebody who is logged in."""
        stored = session_store()(self.session_key).get(_WRAPPED, {})
        return {**stored, **self._login, **self._shared()}

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's
        """Store what is the target's own, until the grant's end at the latest.

        What comes too late, when the grant has ended, is not kept.
        """
        del must_create
        kept = {
            name: value
            for name, value in self._get_session().items()  # type: ignore[attr-defined]
            if name not in self._login and name != CSRF_SESSION_KEY
        }
        with suppress(UpdateError):
            try:
                self._store(kept)
            except CreateError:  # another tab was faster
                self._store(kept)

    def _store(self, kept: dict[str, Any]) -> None:
        store = session_store()(self.session_key)
        is_there = _WRAPPED in store and store.session_key == self.session_key
        if not is_there:
            if not ImpersonationGrant.objects.still_open(self._grant).exists():
                return
            store = session_store()()
            store._session_key = self.session_key  # noqa: SLF001 - a key of our own
            store._session_cache = {}  # noqa: SLF001
        store[_WRAPPED] = kept
        store.set_expiry(self._until)
        store.save(must_create=not is_there)

    def flush(self) -> None:
        """Forget everything; the middleware then ends the grant."""
        self.clear()
        self.flushed = True

    def cycle_key(self) -> None:
        """Keep the key: it is no credential."""
        self.modified = True

    async def acycle_key(self) -> None:
        """Do as `cycle_key` does, for an event loop."""
        self.cycle_key()

    def create(self) -> None:
        """Do nothing: the session is there as long as its grant is."""

    def delete(self, session_key: str | None = None) -> None:
        """Forget everything, unless the key is another's."""
        if session_key in {None, self.session_key}:
            self.flush()

    def exists(self, session_key: str) -> bool:
        """Return whether the key is this session's."""
        return session_key == self.session_key

    def _shared(self) -> dict[str, Any]:
        """The CSRF secret belongs to the browser, not to the person."""
        secret = self._beneath.get(CSRF_SESSION_KEY)
        return {CSRF_SESSION_KEY: secret} if secret else {}


def drop(grant_id: UUID) -> None:
    """Delete what the target's pages put into the session under a grant."""
    session_store()().delete(_key(grant_id))


def digest(session_key: str | None) -> str:
    """Return what the record keeps of a session key (HMAC-SHA-256, hexadecimal)."""
    salt = f"{_SALT}.digest"
    return salted_hmac(salt, session_key or "", algorithm="sha256").hexdigest()


def peek(request: HttpRequest) -> dict[str, Any] | None:
    """Return what the session says of a grant, without a trace that it was asked.

    A request that names no session has none, and costs nothing. Where there is no
    grant, the response does not begin to vary on the cookie.
    """
    session = _worth_asking(request)
    if session is None:
        return None
    accessed = session.accessed
    return _item(session, session.get(ITEM), accessed=accessed)


async def apeek(request: HttpRequest) -> dict[str, Any] | None:
    """Do as `peek` does, for an event loop."""
    session = _worth_asking(request)
    if session is None:
        return None
    accessed = session.accessed
    return _item(session, await session.aget(ITEM), accessed=accessed)


def _worth_asking(request: HttpRequest) -> SessionBase | None:
    session: SessionBase | None = getattr(request, "session", None)
    return None if session is None or session.session_key is None else session


def _item(
    session: SessionBase, found: object, *, accessed: bool
) -> dict[str, Any] | None:
    if isinstance(found, dict):
        return found
    session.accessed = accessed
    return None


def _key(grant_id: UUID) -> str:
    return salted_hmac(_SALT, str(grant_id), algorithm="sha256").hexdigest()[:32]
