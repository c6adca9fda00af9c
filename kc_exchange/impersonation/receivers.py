"""What other apps write down of an impersonated request names the operator."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models.signals import pre_save

from kc_exchange.impersonation.current import current_grant

_SAID = "As {target}, in grant {grant}: "


def connect() -> None:
    """Let entries of the admin's log be the operator's; see `name_operator`."""
    if apps.is_installed("django.contrib.admin"):
        pre_save.connect(
            name_operator,
            sender="admin.LogEntry",
            dispatch_uid="kc_exchange.impersonation.name_operator",
        )


def name_operator(instance: Any, **_kwargs: Any) -> None:
    """Make a new log entry the operator's, and let it say as whom they acted.

    Entries written by `bulk_create` send no signal, and keep the name they were given.
    """
    grant = current_grant()
    if grant is None or str(instance.user_id) != grant.target_id:
        return
    key = get_user_model()._meta.pk  # noqa: SLF001 - public API
    instance.user_id = key.to_python(grant.operator_id)
    said = _SAID.format(target=grant.target_name, grant=grant.pk)
    message = instance.change_message
    instance.change_message = f"{said}{instance.get_change_message() or message}"
