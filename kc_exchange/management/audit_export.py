"""`kc_exchange audit export`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from kc_exchange import conf
from kc_exchange.impersonation.audit.export import export
from kc_exchange.management.files import replaced

if TYPE_CHECKING:
    from django.core.management.base import OutputWrapper


def export_record(stdout: OutputWrapper, options: dict[str, Any]) -> None:
    """Write the events to a file, or to standard output."""
    lines = export(
        options["format"],
        using=options["database"],
        after=options["after"],
        before=options["before"],
        operator=options["operator"],
        target=options["target"],
        grant=options["grant"],
        service=conf.current().audit.origin or "kc_exchange",
    )
    path = options["output"]
    with nullcontext(stdout) if path is None else replaced(path) as file:
        for line in lines:
            file.write(line)
