"""What the rules of impersonation say of a grant, worked out anew for the tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY, get_user_model
from django.utils import timezone

from kc_exchange.impersonation.session import ITEM, digest
from kc_exchange.models import ImpersonationGrant
from tests.impersonation.helpdesk.people import PERMISSIONS, opened

IDLE = timedelta(minutes=15)


def user(pk: str) -> Any:
    """Return the user as they are now, None if there is none."""
    return get_user_model().objects.filter(pk=pk).first()


def logged_in(key: str) -> Any:
    """Return the user whom the session of this cookie logs in, None if nobody."""
    session = opened(key)
    found = user(session.get(SESSION_KEY) or "0")
    known = found is not None and found.is_active
    same = known and session.get("_auth_user_hash") == found.get_session_auth_hash()
    return found if same else None


def grant_of(key: str) -> ImpersonationGrant | None:
    """Return the grant that the session of this cookie names."""
    item = opened(key).get(ITEM)
    if not item:
        return None
    return ImpersonationGrant.objects.filter(pk=item["grant"]).first()


def holds(grant: ImpersonationGrant, key: str, password: str) -> bool:
    """Whether the browser with this cookie may act under `grant` now.

    `password` is the operator's, as it was stored at the start.
    """
    person = logged_in(key)
    here = person is not None and str(person.pk) == grant.operator_id
    return here and grant.session_digest == digest(key) and goes_on(grant, password)


def goes_on(grant: ImpersonationGrant, password: str) -> bool:
    """Whether `grant` holds, wherever its operator is."""
    operator = user(grant.operator_id)
    return (
        is_in_time(grant)
        and operator is not None
        and operator.password == password
        and may(operator, user(grant.target_id), grant.mode)
    )


def is_in_time(grant: ImpersonationGrant) -> bool:
    """Whether the clock lets the grant go on."""
    now, seen = timezone.now(), grant.last_seen_at
    if not grant.is_open or seen is None:
        return False
    ends = min(grant.expires_at, grant.session_expires_at or grant.expires_at)
    return now < ends and now - seen < IDLE and seen - now <= timedelta(minutes=1)


def may(operator: Any, target: Any, mode: str) -> bool:
    """Whether `operator` may act as `target`, at all and now."""
    if operator is None or target is None or operator.pk == target.pk:
        return False
    needed = PERMISSIONS if mode == "read-write" else PERMISSIONS[:1]
    if target.is_superuser or not (operator.is_active and target.is_active):
        return False
    if operator.is_superuser:
        return True
    mine = _rights(operator)
    permitted = all(f"kc_exchange.{codename}" in mine for codename in needed)
    lesser = operator.is_staff or not target.is_staff
    return permitted and lesser and _rights(target) <= mine


def _rights(person: Any) -> set[str]:
    found = person.user_permissions.values_list("content_type__app_label", "codename")
    return {f"{label}.{codename}" for label, codename in found}
