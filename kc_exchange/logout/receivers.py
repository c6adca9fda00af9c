"""What Django says about logins that end, and people who lose theirs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db import Error, router, transaction
from django.db.models.signals import post_delete, post_save
from django.views.decorators.debug import sensitive_variables

from kc_exchange import capture, jobs, signals
from kc_exchange.logout import people, records
from kc_exchange.models import KeycloakIdentity, KeycloakLogin

if TYPE_CHECKING:
    from django.http import HttpRequest

_log = logging.getLogger("kc_exchange")
_HERE = "kc_exchange.logout"


def connect() -> None:
    """Listen; a model that is made of the user's, as a proxy is, counts as well."""
    signals.login_kept.connect(records.note, dispatch_uid=_HERE)
    for signal in (user_logged_out, signals.login_left):
        signal.connect(left, dispatch_uid=_HERE)
    for model in apps.get_models():
        if issubclass(model, get_user_model()):
            post_save.connect(saved, sender=model, dispatch_uid=_HERE)
            post_delete.connect(gone, sender=model, dispatch_uid=_HERE)
    post_delete.connect(deleted, sender=KeycloakIdentity, dispatch_uid=_HERE)


@sensitive_variables()
def left(request: HttpRequest | None = None, **_signal: Any) -> None:
    """Forget the login of a session, just before it is emptied."""
    if request is None or not hasattr(request, "session"):
        return
    people.forget_login(request)
    key = request.session.session_key
    try:
        with transaction.atomic(using=router.db_for_write(KeycloakLogin)):
            records.forget(key)
        if key is not None:
            jobs.forget_session(key, capture.kept(request))
    except Error as error:  # sweep drops it later
        _log.warning("kc_exchange.login_unforgotten: %s", error)


def saved(
    instance: Any,
    created: bool,  # noqa: FBT001 - Django's
    raw: bool = False,  # noqa: FBT001, FBT002 - Django's
    update_fields: frozenset[str] | None = None,
    **_signal: Any,
) -> None:
    """Forget the tokens of somebody who is deactivated, or has a new password.

    `_password` holds the new one from `set_password` until right after this signal. A
    hash that is upgraded at a login leaves it empty, as Django wants that to count as
    no change (`AbstractBaseUser.check_password`). A user model of another kind may lack
    it, and then a new password is not noticed.
    """
    if created or raw:
        return
    written = {"is_active", "password"} if update_fields is None else update_fields
    inactive = "is_active" in written and not getattr(instance, "is_active", True)
    password = getattr(instance, "_password", None)
    renewed = "password" in written and password is not None
    if inactive or renewed:
        people.forget_user(instance)
    elif "password" in written:
        people.recheck_user(instance)


def gone(instance: Any, **_signal: Any) -> None:
    """Give back the offline tokens of a user who is deleted."""
    people.forget_user(instance)


def deleted(instance: KeycloakIdentity, using: str, **_signal: Any) -> None:
    """Forget the tokens of an identity that goes, be it with its user."""
    people.forget_person(instance.issuer, instance.subject, using)
