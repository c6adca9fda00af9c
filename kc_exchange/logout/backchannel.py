"""Do what a valid logout token says (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache as django_cache
from django.views.decorators.debug import sensitive_variables

from kc_exchange import cache, conf, jobs
from kc_exchange.exceptions import InvalidToken
from kc_exchange.impersonation import end
from kc_exchange.impersonation.session import digest
from kc_exchange.logout import people, records
from kc_exchange.models import ImpersonationGrant, KeycloakLogin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kc_exchange.jwt_validation import LogoutToken

_log = logging.getLogger("kc_exchange")
_ROUNDS = 5
"""How often sessions that get another key meanwhile are looked for again."""


def obey(token: LogoutToken) -> int:
    """End the sessions of the login that is over; return how many there were here.

    Exchanged tokens of it become unreachable, the sessions are deleted, and open
    grants of theirs end as by a logout. It may be done again and changes nothing more;
    a session that nobody knows here is none.

    Raises:
        InvalidToken: the token was used before.
        AuditUnavailable: the end of a grant cannot be recorded; the token may be sent
            again, as after any other failure.
    """
    place = _use_once(token)
    try:
        ended = _end(token)
    except BaseException:
        with _noting():
            django_cache.delete(place)
        raise
    _log.info("kc_exchange.backchannel_logout issuer=%s sessions=%d", token[0], ended)
    return ended


def _use_once(token: LogoutToken) -> str:
    """Note the token's `jti` in Django's default cache.

    One that is sent twice ends nothing twice, but where it names a person alone it
    would end the logins that came after. A cache that every process has for itself
    notices it in that process; one that forgets, or is away, lets it pass, for two
    minutes: Keycloak says once that a login is over.
    """
    named = f"{token.issuer}\n{token.token_id}".encode()
    place = f"kc_exchange.logout.{hashlib.sha256(named).hexdigest()}"
    seconds = token.expires_at - time.time() + conf.current().leeway
    is_used = False
    with _noting():
        # One that hides that it is away adds nothing, and then has nothing.
        is_new = django_cache.add(place, 1, max(1, int(seconds) + 1))
        is_used = not is_new and django_cache.get(place) is not None
    if is_used:
        raise InvalidToken.because("its jti was used before")
    return place


@contextmanager
def _noting() -> Iterator[None]:
    """Log that Django's default cache is away, and go on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - each cache has errors of its own
        _log.warning(
            "kc_exchange.logout_token_unnoted Django's default cache failed: %s. "
            "Until it is back, a logout token may be used twice.",
            type(error).__name__,
        )


def _end(token: LogoutToken) -> int:
    ended_at = datetime.fromtimestamp(token.issued_at, UTC if settings.USE_TZ else None)
    if not token.session_id:
        cache.forget_person(token.issuer, token.subject)
        marks = records.marks_of("person", token.issuer, token.subject)
        return _end_all("person_mark", marks, ended_at)
    cache.forget_session(token.issuer, token.session_id)
    marks = records.marks_of("session", token.issuer, token.session_id)
    records.remember_end(marks[0], ended_at)
    return _end_all("session_mark", marks, ended_at)


def _end_all(column: str, marks: Sequence[str], ended_at: datetime) -> int:
    """End the sessions of these marks; those that move meanwhile, in another round.

    One whose end fails keeps no other from ending; its error is raised after them.
    """
    ended = 0
    failures: dict[int, Exception] = {}
    for _ in range(_ROUNDS):
        known = KeycloakLogin.objects.filter(**{f"{column}__in": marks})
        found = list(known.exclude(sealed_key="").exclude(pk__in=failures))
        if not found:
            break
        for row in found:
            try:
                ended += _end_one(row, ended_at)
            except Exception as error:  # noqa: BLE001 - raised when all were tried
                failures[row.pk] = error
    for failure in failures.values():
        raise failure
    return ended


@sensitive_variables()
def _end_one(row: KeycloakLogin, ended_at: datetime) -> bool:
    """End one; its key goes last, so that a failure leaves it to be ended again."""
    here = KeycloakLogin.objects.filter(pk=row.pk)
    if not here.update(ended_at=ended_at):
        return False
    key = records.key_of(row)
    if key:
        people.forget_login_of(key)
        records.delete_session(key)
        jobs.forget_session(key)
        left = ImpersonationGrant.objects.filter(ended_at=None)
        for grant in left.filter(session_digest=digest(key)):
            end(grant, ImpersonationGrant.Cause.LOGOUT)
    return bool(here.update(sealed_key=""))
