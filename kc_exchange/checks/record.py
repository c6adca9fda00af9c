"""Checks of the record: the key of its checkpoints, and the triggers around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import connections, router

from kc_exchange.checks.message import warning
from kc_exchange.impersonation.audit.checkpoint import signer
from kc_exchange.impersonation.audit.guards import missing_guards
from kc_exchange.impersonation.audit.report import CannotTell
from kc_exchange.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage

    from kc_exchange import conf


def signing_key(audit: conf.Audit) -> Iterator[CheckMessage]:
    """Look whether the key that signs checkpoints is there, if one is named."""
    if not audit.signing_key:
        return
    try:
        signer()
    except CannotTell as problem:
        yield warning("W009", problem.cause, problem.fix)


@register(Tags.security, deploy=True)
def check_guards(**_kwargs: Any) -> list[CheckMessage]:
    """W012, W020-W023: whether the database keeps the record from being changed."""
    alias = router.db_for_write(AuditEvent)
    try:
        found = missing_guards(connections[alias])
    except (DatabaseError, ImproperlyConfigured) as problem:
        return [
            warning(
                "W012",
                f"It cannot be told whether database {alias!r} guards the record: "
                f"{type(problem).__name__}.",
                "Run `check --deploy` where the database can be reached.",
            )
        ]
    return [warning(*missing) for missing in found]
