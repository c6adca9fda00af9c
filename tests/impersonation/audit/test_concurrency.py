"""Many writers at the same time, and one chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING

from kc_exchange.impersonation import audit
from kc_exchange.models import AuditEvent, GrantToken
from tests.impersonation.audit.acting import change, event, in_thread

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History


def test_writers__at_the_same_time(engine: History) -> None:
    """Eight threads: no number twice, none left out, and one chain."""
    together = Barrier(8)

    def write(thread: int) -> None:
        together.wait(30)
        for number in range(25):
            audit.record(event(f"{thread}-{number}"))

    with ThreadPoolExecutor(8) as pool:
        waiting = [in_thread(pool, partial(write, thread)) for thread in range(8)]
        for future in waiting:
            future.result(120)
    rows = list(AuditEvent.objects.order_by("seq").values_list("seq", "code"))
    assert [seq for seq, _ in rows] == list(range(1, 201))
    assert {code for _, code in rows} == {
        f"{t}-{n}" for t in range(8) for n in range(25)
    }
    report = engine.verify()
    assert (report.exit_code, report.size, report.warnings) == (0, 200, [])


def test_writers__that_read_first(engine: History) -> None:
    """Work that reads, and writes after another has written, is not refused."""
    together = Barrier(4)

    def work(append: audit.Append) -> None:
        GrantToken.objects.count()
        change()
        append(event())

    def write() -> None:
        together.wait(30)
        for _ in range(10):
            audit.committed(work)

    with ThreadPoolExecutor(4) as pool:
        for future in [in_thread(pool, write) for _ in range(4)]:
            future.result(120)
    assert GrantToken.objects.count() == engine.size == 40
    assert engine.verify().is_sound
