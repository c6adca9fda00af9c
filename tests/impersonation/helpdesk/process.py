"""A process of the help desk: it forks for each order, and may kill the child.

Orders and answers are lines of JSON. A child has no connection that its parent had, and
what the next one finds is what was really committed.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import traceback
from typing import Any

import django
from django.db import connections
from django.db.backends.signals import connection_created


class Killer:
    """End this process with SIGKILL before or after its n-th statement."""

    def __init__(self, number: int, side: str) -> None:
        self.number = number
        self.side = side
        self.statements: list[str] = []
        """The first words of the statements so far."""

    def watch(self, connection: Any, **_: Any) -> None:
        """Count the statements of a new connection."""
        connection.execute_wrappers.append(self)

    def __call__(self, execute: Any, *statement: Any) -> Any:
        """Run a statement, or not."""
        self.statements.append(statement[0].split(maxsplit=1)[0].upper())
        self._kill("before")
        result = execute(*statement)
        self._kill("after")
        return result

    def _kill(self, side: str) -> None:
        if (len(self.statements), side) == (self.number, self.side):
            os.kill(os.getpid(), signal.SIGKILL)


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """Do what is ordered, in this process."""
    from tests.impersonation.helpdesk import acts, races  # noqa: PLC0415 - after setup

    database = order.pop("database", {})
    room = database.pop("DISK", resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    connections["default"].settings_dict.update(database)
    killer = Killer(*order.pop("kill", (0, "")))
    connection_created.connect(killer.watch, weak=False)
    act = order.pop("act")
    place = acts if hasattr(acts, act) else races
    found: dict[str, Any] = getattr(place, act)(**order)
    return {**found, "statements": killer.statements}


def in_child(order: dict[str, Any]) -> dict[str, Any]:
    """Do what is ordered in a child; say so if it was killed."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(inlet)
        try:
            with os.fdopen(outlet, "w") as pipe:
                json.dump(answer(order), pipe)
        except Exception:  # noqa: BLE001 - the child must not go on as the parent
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(outlet)
    with os.fdopen(inlet) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return {"killed": True}
    return {"killed": False, **json.loads(said)}


def main() -> None:
    """Answer orders until there are no more."""
    django.setup()
    from tests.impersonation.helpdesk import acts, races, urls  # noqa: F401, PLC0415

    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(in_child(json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
