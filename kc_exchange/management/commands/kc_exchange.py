"""`manage.py kc_exchange`: one command, with a subcommand for each task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from kc_exchange.management import audit, doctor, provision, sweep
from kc_exchange.management.outcome import explained

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Look after what kc_exchange keeps, and after the Keycloak it needs.

    Exit codes: 0 done, 1 found wrong, 2 could not be done.
    """

    help = "Set Keycloak up, find out what is wrong, look after impersonations."
    requires_system_checks = ()
    """None: a mistake elsewhere in the project must not look like tampering."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the subcommands' arguments; each sets `run`."""
        groups = parser.add_subparsers(required=True, metavar="SUBCOMMAND")
        audit.add_to(groups)
        sweep.add_to(groups)
        provision.add_to(groups)
        doctor.add_to(groups)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the subcommand; say cause and fix of what goes wrong."""
        with explained():
            options["run"](self.stdout, options)
