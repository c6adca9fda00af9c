"""Serve one project of the demo: the shop, or a service."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.servers.basehttp import (
    ThreadedWSGIServer,
    WSGIRequestHandler,
    get_internal_wsgi_application,
)

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_HOST = "127.0.0.1"
_log = logging.getLogger("exampleproject.requests")


class _Handler(WSGIRequestHandler):
    """Write a line for each request, without its query: a login's code is in there."""

    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del size
        path = self.path.partition("?")[0]
        if not path.startswith(f"/{settings.STATIC_URL or ''}".replace("//", "/")):
            _log.info("%s %s %s", self.command, path, code)


class Command(BaseCommand):
    """Serve until Ctrl-C or SIGTERM."""

    help = "Serve the project of DJANGO_SETTINGS_MODULE on 127.0.0.1."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port, and who is the parent."""
        parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
        parser.add_argument(
            "--migrate", action="store_true", help="migrate the database first"
        )
        parser.add_argument(
            "--seed", action="store_true", help="make the demo's people known first"
        )
        parser.add_argument(
            "--until-stdin-ends",
            action="store_true",
            help="stop when whoever started this process is gone",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the address as soon as it is served, and serve it."""
        del args
        stop = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        if options["until_stdin_ends"]:
            threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
        if options["migrate"]:
            call_command("migrate", verbosity=0)
        if options["seed"]:
            call_command("seed", verbosity=0)
        with _bound(options["port"]) as server:
            server.set_app(_application())
            threading.Thread(target=server.serve_forever, args=(0.05,)).start()
            self.stdout.write(f"http://{_HOST}:{server.server_port}/")
            self.stdout.flush()
            stop.wait()
            server.shutdown()


def _bound(port: int) -> ThreadedWSGIServer:
    try:
        return ThreadedWSGIServer((_HOST, port), _Handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "ports end at 65535"
        raise CommandError(
            f"Port {port} of {_HOST} cannot be used: {reason}. "
            "Fix: choose another with --port, or 0 for a free one."
        ) from error


def _application() -> Any:
    application = get_internal_wsgi_application()
    if "django.contrib.staticfiles" in settings.INSTALLED_APPS:
        return StaticFilesHandler(application)
    return application


def _wait_for_end(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        continue
    stop.set()
