"""Note which session holds which login at Keycloak, and find it again."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import Error, router, transaction
from django.db.models import Max
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from kc_exchange.capture import box
from kc_exchange.capture.session import session_store
from kc_exchange.models import KeycloakLogin

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

_log = logging.getLogger("kc_exchange")
_SALT = "kc_exchange.logout"
_PURPOSE = b"key of a session, v1"
_PERSON = b"person of a login, v1"
_LATE = timedelta(hours=1)
"""How long it is remembered that a session is over."""


@sensitive_variables()
def note(
    *,
    issuer: str,
    subject: str,
    session_id: str,
    issued_at: float,
    session_key: str,
    former_key: str,
    user_id: str,
    **_signal: Any,
) -> None:
    """Note a login, or the new key of its session; a receiver of `login_kept`.

    Keycloak may have ended it meanwhile: then the session is deleted. A failure is
    logged, and the login goes on: a logout at Keycloak will not reach it.
    """
    marks = marks_of("session", issuer, session_id)
    end_if_over = partial(_end_if_over, marks, issued_at, session_key, former_key)
    using = router.db_for_write(KeycloakLogin)
    try:
        with transaction.atomic(using=using):
            forget(former_key)
            KeycloakLogin.objects.update_or_create(
                session_digest=_digests("key", session_key)[0],
                defaults={
                    "sealed_key": box.close(session_key.encode(), _PURPOSE, b""),
                    "session_mark": marks[0] if marks else "",
                    "person_mark": (marks_of("person", issuer, subject) or [""])[0],
                    "user_id": user_id,
                    "sealed_person": _sealed_person(issuer, subject),
                    "created_at": timezone.now(),
                    "ended_at": None,
                },
            )
            end_if_over()
    except Error as error:
        _log.warning(
            "kc_exchange.login_unnoted A logout at Keycloak will not reach this "
            "session: %s. Fix: run `manage.py migrate`; is the database there?",
            error,
        )
        return
    # What another one says meanwhile is seen once this is committed, and not before.
    transaction.on_commit(end_if_over, using=using, robust=True)


@sensitive_variables()
def _end_if_over(
    marks: list[str], issued_at: float, session_key: str, former_key: str
) -> None:
    """Delete a session that came late: its login, or what it was before, is over.

    A session at Keycloak may outlive the end of a login, as where consent is revoked,
    or a logout token names a person. Tokens issued after that end begin another login.
    Both instants are Keycloak's, in whole seconds; of the same one, a login is late.
    """
    ended = KeycloakLogin.objects.exclude(ended_at=None)
    of_login = ended.filter(session_mark__in=marks).aggregate(last=Max("ended_at"))
    is_late = of_login["last"] and issued_at <= of_login["last"].timestamp()
    former = _digests("key", former_key) if former_key else []
    if is_late or ended.filter(session_digest__in=former).exists():
        delete_session(session_key)


@sensitive_variables()
def forget(session_key: str | None) -> None:
    """Forget the login of a session that is left, or has another key."""
    if session_key:
        digests = _digests("key", session_key)
        known = KeycloakLogin.objects.filter(session_digest__in=digests)
        known.filter(ended_at=None).delete()


def marks_of(kind: str, issuer: str, name: str) -> list[str]:
    """Return the marks of a session or a person of `issuer`, the newest key's first.

    `kind` is "session" or "person"; nothing where there is no `name`.
    """
    return _digests(kind, f"{len(issuer)}:{issuer}{name}") if name else []


def people_of(user_id: object) -> set[tuple[str, str]]:
    """Return issuer and subject of the logins that a user's sessions hold."""
    rows = KeycloakLogin.objects.filter(user_id=str(user_id))
    sealed = rows.exclude(sealed_person="").values_list("sealed_person", flat=True)
    found = (box.opened(text, _PERSON, b"") for text in sealed)
    return {tuple(json.loads(plain)) for plain in found if plain is not None}


@sensitive_variables()
def _sealed_person(issuer: str, subject: str) -> str:
    plain = json.dumps([issuer, subject]).encode()
    return box.close(plain, _PERSON, b"") if subject else ""


def remember_end(mark: str, ended_at: datetime) -> None:
    """Remember that a session at Keycloak is over, whatever session comes late."""
    noted, is_new = KeycloakLogin.objects.get_or_create(
        session_digest=mark, defaults={"session_mark": mark, "ended_at": ended_at}
    )
    if not is_new:
        earlier = KeycloakLogin.objects.filter(pk=noted.pk, ended_at__lt=ended_at)
        earlier.update(ended_at=ended_at)


def key_of(row: KeycloakLogin) -> str:
    """Return the key of the session, "" if SECRET_KEY no longer opens it."""
    return (box.opened(row.sealed_key, _PURPOSE, b"") or b"").decode()


@sensitive_variables()
def delete_session(session_key: str) -> None:
    """Delete a session; a request that is under way cannot save it any more."""
    session_store()().delete(session_key)


def sweep() -> int:
    """Drop the logins whose sessions are gone; return how many.

    A login is looked at once in the age of a session, so each run asks the session
    store for few of them.
    """
    now = timezone.now()
    ended = KeycloakLogin.objects.filter(ended_at__lt=now - _LATE)
    dropped, _ = ended.delete()
    age = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    old = KeycloakLogin.objects.filter(ended_at=None, created_at__lt=now - age)
    return dropped + sum(_dropped(row, old, now) for row in old.iterator())


@sensitive_variables()
def _dropped(row: KeycloakLogin, old: QuerySet[KeycloakLogin], now: datetime) -> bool:
    key = key_of(row)
    if key and session_store()().exists(key):
        old.filter(pk=row.pk).update(created_at=now)
        return False
    return bool(old.filter(pk=row.pk).delete()[0])


@sensitive_variables()
def _digests(kind: str, text: str) -> list[str]:
    return box.digests(f"{_SALT}.{kind}", text)
