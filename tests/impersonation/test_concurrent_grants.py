"""Grants on each engine: one after the other, and many at the same moment."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.testing import EmbeddedKeycloak
from tests.impersonation.audit.engines import SERVERS, created
from tests.impersonation.helpdesk import ledger, people
from tests.impersonation.helpdesk.running import (
    LOCAL,
    START,
    Gate,
    at_keycloak,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kc_exchange.testing import DownstreamRecorder
    from tests.impersonation.helpdesk.running import HelpDesk, Place

LOOK: dict[str, Any] = {"act": "visit", "path": "/basket/"}
LATE: dict[str, Any] = {"act": "visit_later", "path": "/basket/", "minutes": 11}
STOP: dict[str, Any] = {"act": "visit", "path": "/desk/stop/", "anything": "at all"}
EIGHT = 8


@dataclass
class Site:
    """A help desk and its database."""

    desk: HelpDesk
    place: Place

    def ask(self, order: dict[str, Any] | str, **more: Any) -> dict[str, Any]:
        """Let a new process do something."""
        told = {"act": order} if isinstance(order, str) else order
        return self.desk.ask(self.place, **told, **more)

    def begun(self, keycloak: EmbeddedKeycloak | None = None) -> str:
        """Prepare the database, start a grant, and return the session's key."""
        return self.desk.begin(self.place, self.desk.prepare(self.place, keycloak))

    def types(self) -> list[str]:
        """Return the types of all events, once nothing is wrong with the record."""
        found = self.ask("inspect")
        assert found["wrong"] == []
        return list(found["types"])


@pytest.fixture(params=["sqlite", *SERVERS])
def at(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any
) -> Iterator[Callable[..., Site]]:
    """Return a function: a help desk with these settings, on an engine."""
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())

        def site(kc_exchange: dict[str, Any]) -> Site:
            place: Place = {}
            if request.param != "sqlite":
                place = stack.enter_context(created(request.param)).settings
            desk = stack.enter_context(running(tmp_path, kc_exchange, **place))
            return Site(desk, place or desk.file())

        yield site


@pytest.fixture
def keycloak() -> Iterator[EmbeddedKeycloak]:
    """Return a Keycloak that impersonates."""
    with EmbeddedKeycloak(people.realm(), features=["token-exchange"]) as server:
        yield server


def test_life_of_grants(at: Callable[..., Site]) -> None:
    """Start, act, stop; start, expire; start, be ended; each is told of once."""
    site = at(LOCAL)
    key = site.begun()
    assert site.ask(LOOK, key=key)["seen"] == ["alice"]
    assert site.ask(LOOK, key=key, change="it")["seen"] == ["alice"]
    key = site.ask(STOP, key=key)["key"]
    assert site.ask(LOOK, key=key)["seen"] == ["olga"]
    key = site.desk.begin(site.place, key)
    late = site.ask(LATE, key=key)
    assert (late["status"], late["seen"]) == (403, [])
    key = site.desk.begin(site.place, late["key"])
    assert site.ask("force")["ended"]
    assert site.ask(LOOK, key=key)["seen"] == []
    types = site.types()
    assert [types.count(f"start.{kind}") for kind in ("requested", "granted")] == [3, 3]
    assert types.count("grant.ended") == 3
    assert types.count("request.started") == types.count("request.finished") == 2


def test_machine(at: Callable[..., Site]) -> None:
    """Grants as a state machine; see test_machine for the same at more length."""
    site = at(LOCAL)
    assert len(site.ask("machine", examples=4, steps=20)["causes"]) >= 4
    assert site.ask("inspect")["acting"] == 0


def test_eight_starts(at: Callable[..., Site]) -> None:
    """One of them begins; the others are refused, and say why."""
    site = at(LOCAL)
    site.desk.prepare(site.place)
    statuses = site.ask("starts", number=EIGHT)["statuses"]
    assert sorted(statuses) == [200, *[403] * (EIGHT - 1)]
    types = site.types()
    assert types.count("start.requested") == types.count("start.granted") == 1
    assert types.count("start.denied") == EIGHT - 1


def test_stop_among_requests(at: Callable[..., Site]) -> None:
    """Nobody is let in after the end, and nobody runs as the operator."""
    site = at(LOCAL)
    found = site.ask("stop_among_requests", number=6, key=site.begun())
    asked = [status for tab in found["statuses"][:3] for status in tab]
    assert set(asked) <= {200, 403}
    assert "olga" not in found["seen"]
    assert found["unrecorded"] == 0
    types = site.types()
    last = max(n for n, kind in enumerate(types) if kind == "request.started")
    assert types.count("grant.ended") == 1
    assert last < types.index("grant.ended")


def test_eight_ends(at: Callable[..., Site]) -> None:
    """One of them ends it."""
    site = at(LOCAL)
    site.begun()
    assert sum(site.ask("ends", number=EIGHT)["ended"]) == 1
    assert site.types().count("grant.ended") == 1


def test_four_sweeps(at: Callable[..., Site]) -> None:
    """What is over is ended once."""
    site = at(LOCAL)
    site.begun()
    assert sum(site.ask("sweeps", number=4, minutes=30)["swept"]) == 1
    assert site.types().count("grant.ended") == 1


def test_four_renewals(
    at: Callable[..., Site],
    keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
) -> None:
    """Tabs that renew at once leave one session of the target at Keycloak behind."""
    site = at(at_keycloak(keycloak, kc_downstream))
    key = site.begun(keycloak)
    keycloak.advance(360)
    statuses = site.ask("calls", number=4, minutes=6, key=key)["statuses"]
    assert statuses == [200] * 4
    kept = site.ask("inspect")
    assert kept["wrong"] == []
    assert len(ledger.live_sessions(keycloak)) == 1
    assert ledger.live_sessions(keycloak) == set(kept["kept"])


def test_end__while_keycloak_refuses_the_start(
    at: Callable[..., Site],
    keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
) -> None:
    """A start that is ended before Keycloak refuses it has ended once."""
    site = at(at_keycloak(keycloak, kc_downstream))
    key = site.desk.prepare(site.place, keycloak)
    gate = Gate(enabled=False)
    with (
        running(site.desk.folder, LOCAL, **site.place) as other,
        gate.held(keycloak, "alice"),
    ):
        other.ask(site.place, "inspect")
        site.desk.send(site.place, **START, key=key)
        gate.wait()
        assert other.ask(site.place, "force")["ended"]
    assert site.desk.receive()["status"] == 403
    assert site.types() == ["start.requested", "grant.ended"]
