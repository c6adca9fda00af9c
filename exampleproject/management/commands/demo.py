"""Run all of it on this machine, or check all of it without a browser."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from exampleproject.demo import check, keycloak, stack
from exampleproject.demo.failure import DemoFailed
from exampleproject.environment import parcel_issuer

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from exampleproject.demo.stack import Stack

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK_EVERY = 0.5


class Command(BaseCommand):
    """Start Keycloak, the services and the shop; stop them on Ctrl-C or SIGTERM."""

    help = (
        "Run the shop with its services and an embedded Keycloak, and say where "
        "to click; or check the whole way without a browser."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port, another Keycloak, and whether to check."""
        parser.add_argument(
            "--port", type=int, help="the shop's port; 8000, or a free one, if left out"
        )
        parser.add_argument(
            "--keycloak",
            metavar="URL",
            help="a running Keycloak that `kc_exchange provision --apply` has set up",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="walk the whole way, print each step, exit 0 if each held",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped, or until the check is done."""
        del args
        for name in _SIGNALS:
            signal.signal(name, _interrupt)
        try:
            self._run(options)
        except DemoFailed as failure:
            raise CommandError(f"{failure.cause}\nFix: {failure.fix}") from failure
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
            if options["check"]:
                raise CommandError("The check was not finished.") from None

    def _run(self, options: dict[str, Any]) -> None:
        started = time.monotonic()
        checks = options["check"]
        port = 0 if checks and options["port"] is None else options["port"]
        level = "ERROR" if checks else "INFO"
        known = urlsplit(parcel_issuer()).port or 0
        parcel_port = known if options["keycloak"] else 0
        with stack.running(options["keycloak"], port, level, parcel_port) as running:
            if checks:
                check.run(running, self.stdout.write)
                return
            self._tell(running, time.monotonic() - started)
            self._wait(running)

    def _tell(self, running: Stack, seconds: float) -> None:
        people = "\n".join(
            f"  {one.name:<6} password {one.password:<11} {one.roles}"
            for one in keycloak.accounts()
            if one.realm == keycloak.REALM
        )
        services = "\n".join(
            f"  {name:<13} {url}" for name, url in running.services.items()
        )
        nora = next(one for one in keycloak.accounts() if one.realm == keycloak.STUDIO)
        self.stdout.write(
            f"\nThe shop is open: {running.shop}   (after {seconds:.1f} s)\n\n"
            f"Log in as\n{people}\n\n"
            f"Then look at\n"
            f"  {running.shop}orders/     fetched from orders-api as you\n"
            f"  {running.shop}invoices/   fetched from billing-api, in an async view\n"
            f"  {running.shop}trends/     what analytics-api, of another realm, says\n"
            f"  {running.shop}behind/     what each service saw of its token\n"
            f"  {running.shop}admin/      for sam and sue, who work for the shop\n\n"
            f"Act as a customer\n"
            f"  Log in as sue, open {running.shop}admin/auth/user/ and choose to act\n"
            f"  as alice: it takes a reason, a banner says so, and all of it is\n"
            f"  recorded. sam finds the record in the admin, and can end it.\n"
            f"  SHOP_DATABASE_URL=sqlite:///{running.database} \\\n"
            f"    {sys.executable} manage.py kc_exchange audit verify\n\n"
            f"Visit the other brand\n"
            f"  {running.studio}   the same shop, with a realm of its own\n"
            f"  {nora.name:<6} password {nora.password}\n\n"
            f"Behind it\n{services}\n  {'Keycloak':<13} {running.issuer}\n\n"
            f"Ctrl-C stops all of it.\n"
        )
        self.stdout.flush()

    def _wait(self, running: Stack) -> NoReturn:
        while True:
            time.sleep(_LOOK_EVERY)
            ended = running.ended()
            if ended:
                raise DemoFailed(
                    f"{ended} has ended by itself.",
                    "Its last words are above; start the demo again.",
                )


def _interrupt(*_: object) -> NoReturn:
    """Stop once; another Ctrl-C must not cut the stopping short."""
    for name in _SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt
