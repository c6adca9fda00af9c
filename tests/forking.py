"""Fork as gunicorn's preload does, while a thread holds every lock of the package.

Run by `test_forks`, in a process of its own. Arguments: KC_EXCHANGE as JSON, and the
access token of a user.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

import django
from django.conf import settings

SECONDS = 60
"""How long the child may take before it counts as hung."""
_LOCK = type(threading.Lock())


def locks() -> dict[str, Any]:
    """Return every lock that a module of the package leads to, by where it is."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for name, module in sorted(sys.modules.items()):
        if name.startswith("kc_exchange.") and ".testing" not in name:
            _collect(vars(module), name, found, seen)
    return found


def _collect(value: Any, where: str, found: dict[str, Any], seen: set[int]) -> None:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, _LOCK):
        found[where] = value
    elif isinstance(value, dict):
        for key, item in list(value.items()):
            _collect(item, f"{where}.{key}", found, seen)
    elif type(value).__module__.startswith("kc_exchange.") and hasattr(
        value, "__dict__"
    ):
        _collect(vars(value), where, found, seen)


def call(token: str) -> None:
    """Do what a request does: take a bearer token, and call a service as its user."""
    from kc_exchange import downstream_session, jwt_validation  # noqa: PLC0415
    from kc_exchange.context import using_subject_token  # noqa: PLC0415

    assert jwt_validation.validate(token).subject
    with using_subject_token(token), downstream_session("orders-api") as session:
        assert session.get("v1/orders").status_code == 200


def in_child(token: str) -> None:
    """Fail where a lock is still the parent's; then do a worker's work."""
    signal.alarm(SECONDS)
    held = [where for where, lock in locks().items() if lock.locked()]
    assert not held, f"held by a thread that is not here: {held}"
    from kc_exchange import cache  # noqa: PLC0415

    cache.tokens.clear()
    call(token)


def main() -> None:
    """Work, hold the locks in a thread, fork, and exit as the child does."""
    settings.KC_EXCHANGE = json.loads(sys.argv[1])
    token = sys.argv[2]
    django.setup()
    call(token)
    ours = locks()
    holding, over = threading.Event(), threading.Event()

    def hold() -> None:
        for lock in ours.values():
            lock.acquire()
        holding.set()
        over.wait()

    threading.Thread(target=hold, daemon=True).start()
    assert holding.wait(SECONDS)
    print(len(ours), *ours)  # noqa: T201 - the test reads it
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            in_child(token)
        except BaseException as error:  # noqa: BLE001 - a child never goes on as pytest
            print(repr(error), file=sys.stderr)  # noqa: T201
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    over.set()
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
