"""Serve realm exports from the command line."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import TYPE_CHECKING

from kc_exchange.testing import EmbeddedKeycloak, RealmFileError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve realm exports until Ctrl-C or SIGTERM; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        keycloak = EmbeddedKeycloak(
            *options.realms,
            host=options.host,
            port=options.port,
            features=filter(None, options.features.split(",")),
        )
    except RealmFileError as error:
        return _fail(error.cause, error.fix)
    except ValueError as error:
        return _fail(str(error), "Name others with --features, or none.")
    except OSError as error:
        cause = f"Port {options.port} of {options.host} cannot be used: {error}."
        return _fail(cause, "Choose another with --port, or 0 for a free one.")
    _serve(keycloak)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kc_exchange.testing",
        description="Serve Keycloak realm exports for tests and demos.",
    )
    parser.add_argument("realms", nargs="+", metavar="REALM.json")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument(
        "--features",
        default="",
        help="beyond Keycloak's defaults: token-exchange, the legacy exchange; "
        "admin-fine-grained-authz:v1, the permissions that decide on it",
    )
    return parser


def _fail(cause: str, fix: str) -> int:
    sys.stderr.write(f"{cause}\n{fix}\n")
    return 2


def _serve(keycloak: EmbeddedKeycloak) -> None:
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with keycloak:
        sys.stdout.write(f"{keycloak.url}\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    sys.exit(main())
