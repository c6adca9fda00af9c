"""Forget the tokens of people, and of the sessions they leave."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, router, transaction
from django.views.decorators.debug import sensitive_variables

from kc_exchange import cache, capture, conf, jobs, sources
from kc_exchange.capture.session import (
    ITEM,
    newest_of,
    session_store,
    subject_token,
)
from kc_exchange.logout import records
from kc_exchange.models import KeycloakIdentity, OfflineToken

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

_log = logging.getLogger("kc_exchange")


def forget_user(user: AbstractBaseUser) -> None:
    """Make every exchanged token of `user` unreachable, in all of their sessions.

    Here at once, elsewhere within LOCAL_SECONDS of SHARED_CACHE. Inside a transaction
    it happens when that is committed: before, another process would still take the
    user for good, and obtain a token anew. Offline tokens of theirs are given back.
    It does not log anybody out: Django does, once the user is not active or has another
    password. Their subjects are those of their identities, and of the logins that
    their sessions hold.
    """
    using = router.db_for_write(KeycloakIdentity)
    known = KeycloakIdentity.objects.using(using).filter(user_id=user.pk)
    try:
        with transaction.atomic(using=using):
            people = set(known.values_list("issuer", "subject"))
            people |= records.people_of(user.pk)
            jobs.forget_user(user.pk)
    except Error as error:  # the caller saves a user, which must not fail of this
        _log.warning("kc_exchange.identities_unread: %s", error)
        return
    for issuer, subject in people:
        forget_person(issuer, subject, using)


def recheck_user(user: AbstractBaseUser) -> None:
    """Give back offline tokens of logins that Django takes for `user`'s no longer."""
    try:
        with transaction.atomic(using=router.db_for_write(OfflineToken)):
            jobs.recheck_user(user.pk)
    except Error as error:
        _log.warning("kc_exchange.offline_unread: %s", error)


def forget_person(issuer: str, subject: str, using: str) -> None:
    """Forget the tokens of a subject once the transaction on `using` is committed."""

    def forget() -> None:
        cache.forget_person(issuer, subject)

    transaction.on_commit(forget, using=using, robust=True)


def forget_login(request: HttpRequest) -> None:
    """Forget what was obtained for the login that the request's session keeps.

    Inside a transaction once more when that is committed: before, other requests still
    find the session, and obtain tokens anew.
    """
    kept = capture.kept(request)
    if kept is None:
        return
    try:
        conf.current().realm(kept.realm)
    except ImproperlyConfigured as error:  # its realm is no longer in the settings
        _log.warning("kc_exchange.login_of_unknown_realm: %s", error)
        return
    forget = partial(sources.forget, subject_token(kept))
    forget()
    using = _alias_of(request.session)
    if transaction.get_connection(using).in_atomic_block:
        transaction.on_commit(forget, using=using, robust=True)


@sensitive_variables()
def forget_login_of(session_key: str) -> None:
    """Forget what was obtained for the login that a stored session keeps.

    What its token obtained as a bearer, too: a lightweight one may name neither the
    person nor the session that is over.
    """
    session = session_store()(session_key)
    kept = newest_of(session.get(ITEM), session_key)
    if kept is not None:
        sources.forget(subject_token(kept.tokens))


def _alias_of(session: SessionBase) -> str:
    """Return the database of a session; one that is not in a database is gone at once.

    Then it does not matter which.
    """
    model = getattr(type(session), "get_model_class", lambda: KeycloakIdentity)()
    return router.db_for_write(model)
