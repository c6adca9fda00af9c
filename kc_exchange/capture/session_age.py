"""When a session ends: never later because of what this package keeps in it."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.sessions.backends import file
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

_UNKNOWN = timedelta(hours=1)
"""How long a session is kept whose own end the engine does not tell."""


def ends_at(session: SessionBase, last_login: datetime | None) -> datetime:
    """Return when a session ends, if nobody prolongs it.

    Engines in the database and in files tell; for others, the age of a session is
    counted from the login, and where that has passed, an hour is taken.
    """
    now = timezone.now()
    known = known_end(session)
    if known is not None:
        return known
    own = _aware(session.get_expiry_date())
    from_login = (last_login or now) + timedelta(
        seconds=session.get_session_cookie_age()
    )
    return min(own, from_login if from_login > now else now + _UNKNOWN)


def known_end(session: SessionBase) -> datetime | None:
    """Return when a stored session ends, None where its engine does not tell."""
    known = _row_ends(session) or _file_ends(session)
    return None if known is None else _aware(known)


def hold(session: SessionBase, until: datetime) -> None:
    """Let the next saves of `session` in this request keep its end.

    Saving a session gives it its full age again, a cookie as well as a row; only this
    object is told otherwise, so later requests find the session as it was.
    """
    if settings.SESSION_SAVE_EVERY_REQUEST:
        return
    session.get_expiry_age = lambda **_: max(  # type: ignore[method-assign]
        1, int((until - timezone.now()).total_seconds())
    )
    session.get_expiry_date = lambda **_: until  # type: ignore[method-assign]
    if isinstance(session, file.SessionStore):
        _hold_file(session, until)


def _hold_file(session: Any, until: datetime) -> None:
    """A session in a file ends by the age of the file, so a new file begins old."""
    began = until - timedelta(seconds=session.get_session_cookie_age())
    save = session.save

    def held(must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's
        save(must_create)
        with suppress(OSError):
            os.utime(session._key_to_file(), (began.timestamp(),) * 2)  # noqa: SLF001

    session.save = held


@sensitive_variables()
def _row_ends(session: SessionBase) -> datetime | None:
    model = getattr(type(session), "get_model_class", lambda: None)()
    if model is None:
        return None
    row = model.objects.filter(session_key=session.session_key).first()
    return None if row is None else row.expire_date


def _file_ends(session: SessionBase) -> datetime | None:
    if not isinstance(session, file.SessionStore) or session.session_key is None:
        return None
    try:
        written = session._last_modification()  # type: ignore[attr-defined]  # noqa: SLF001
    except OSError:
        return None
    return session.get_expiry_date(modification=written)


def _aware(moment: datetime) -> datetime:
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
