"""The database is read-only, refuses, is locked, is full, or cuts a request off."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.testing import EmbeddedKeycloak
from tests.impersonation.audit.engines import SERVERS, created
from tests.impersonation.helpdesk import ledger, people
from tests.impersonation.helpdesk.acts import GOING_ON
from tests.impersonation.helpdesk.faults import Faults
from tests.impersonation.helpdesk.running import (
    LOCAL,
    START,
    Gate,
    at_keycloak,
    running,
)
from tests.impersonation.helpdesk.views import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from kc_exchange.testing import DownstreamRecorder
    from tests.impersonation.helpdesk.running import HelpDesk, Place

LOOK: dict[str, Any] = {"act": "visit", "path": "/basket/"}
CHANGE: dict[str, Any] = {**LOOK, "anything": "is changed"}
STOP: dict[str, Any] = {"act": "visit", "path": "/desk/stop/", "anything": "at all"}
EVERYWHERE = ["refusing", "locked", "read_only"]


@dataclass
class Site:
    """A help desk, its database, and what can happen to that."""

    desk: HelpDesk
    place: Place
    fault: str
    key: str = ""

    def failing(self) -> AbstractContextManager[Place]:
        """Let the fault happen; yield what processes then have to work with."""
        found: AbstractContextManager[Place] = getattr(Faults(self.place), self.fault)()
        return found

    def ask(self, order: dict[str, Any], place: Place | None = None) -> dict[str, Any]:
        """Send a request of the operator."""
        answer = self.desk.ask(place or self.place, **order, key=self.key)
        self.key = answer["key"]
        return answer

    def inspect(self) -> dict[str, Any]:
        """Return what there is, once it is certain that nothing is wrong with it."""
        found = self.desk.ask(self.place, "inspect")
        assert found["wrong"] == []
        return found


def combinations(everywhere: list[str], **elsewhere: list[str]) -> list[Any]:
    """Return parameters: each fault on SQLite, and on the servers that are there."""
    kinds: list[tuple[str, Any]] = [("sqlite", ())]
    kinds += [(str(server.values[0]), server.marks) for server in SERVERS]
    return [
        pytest.param((kind, fault), id=f"{kind}-{fault}", marks=marks)
        for kind, marks in kinds
        for fault in everywhere + elsewhere.get(kind, [])
    ]


@pytest.fixture
def site(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any
) -> Iterator[Site]:
    """Return a help desk on an engine, whose database can fail."""
    kind, fault = request.param
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        place: Place = {}
        if kind != "sqlite":
            place = stack.enter_context(created(kind)).settings
        desk = stack.enter_context(running(tmp_path, LOCAL, **place))
        place = place or desk.file()
        yield Site(desk, place, fault, desk.prepare(place))


def is_explained(answer: dict[str, Any]) -> bool:
    """Whether a 503 says cause and fix."""
    said = json.loads(answer["said"])["error"]
    return bool(
        answer["status"] == 503
        and said["code"] == "audit_unavailable"
        and said["cause"]
        and said["fix"]
    )


@pytest.mark.parametrize(
    "site", combinations(EVERYWHERE, sqlite=["full"]), indirect=True
)
@pytest.mark.fault(24)
@pytest.mark.fault(25)
def test_fault__before_a_start(site: Site) -> None:
    """Refused; nothing has begun, and it can be tried again."""
    with site.failing() as place:
        assert is_explained(site.ask(START, place))
    found = site.inspect()
    assert (found["open"], found["types"]) == (0, [])
    assert site.ask(LOOK)["seen"] == ["olga"]
    assert site.ask(START)["status"] == 200


@pytest.mark.parametrize(
    "site", combinations(EVERYWHERE, sqlite=["full"]), indirect=True
)
@pytest.mark.fault(24)
@pytest.mark.fault(25)
def test_fault__before_a_request(site: Site) -> None:
    """Refused; the view has not run, and the grant goes on."""
    assert site.ask(START)["status"] == 200
    with site.failing() as place:
        answer = site.ask(CHANGE, place)
    assert is_explained(answer)
    assert answer["seen"] == []
    assert site.inspect()["effects"] == 0
    assert site.ask(CHANGE)["seen"] == ["alice"]
    assert site.inspect()["effects"] == 1


@pytest.mark.parametrize(
    "site", combinations(EVERYWHERE, sqlite=["full"]), indirect=True
)
def test_fault__at_the_end(site: Site) -> None:
    """Refused; the grant is still open, and is ended by the next attempt."""
    assert site.ask(START)["status"] == 200
    with site.failing() as place:
        assert is_explained(site.ask(STOP, place))
    assert site.inspect()["acting"] == 1
    assert site.ask(LOOK)["seen"] == ["alice"]
    assert site.ask(STOP)["status"] == 200
    assert site.inspect()["types"].count("grant.ended") == 1
    assert site.ask(LOOK)["seen"] == ["olga"]


@pytest.mark.parametrize(
    "site",
    combinations(["refusing", "locked"], postgresql=["cut_off"], mariadb=["cut_off"]),
    indirect=True,
)
@pytest.mark.fault(24)
def test_fault__before_an_outcome(site: Site, tmp_path: Path) -> None:
    """The response is sent; the log, and the request without outcome, tell of it."""
    assert site.ask(START)["status"] == 200
    faults = Faults(site.place)
    wait = {"act": "visit", "path": f"/wait/?folder={tmp_path}", "key": site.key}
    site.desk.send(faults.impatient, **wait)
    wait_until((tmp_path / "here").exists)
    with site.failing():
        (tmp_path / "go").touch()
        answer = site.desk.receive()
    assert (answer["status"], answer["seen"]) == (200, ["alice"])
    assert "outcome_unrecorded" in answer["log"]
    assert site.inspect()["unfinished"] == 1
    assert site.ask(CHANGE)["seen"] == ["alice"]


@pytest.fixture
def keycloak() -> Iterator[EmbeddedKeycloak]:
    """Return a Keycloak that impersonates."""
    with EmbeddedKeycloak(people.realm(), features=["token-exchange"]) as server:
        yield server


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.fault(24)
def test_fault__cut_off_in_the_middle_of_a_start(
    kind: str,
    tmp_path: Path,
    keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    django_db_blocker: Any,
) -> None:
    """Refused; what began at Keycloak is given back, and the sweep does the rest."""
    settings = at_keycloak(keycloak, kc_downstream)
    with (
        django_db_blocker.unblock(),
        created(kind) as made,
        running(tmp_path, settings, **made.settings) as desk,
    ):
        place: Place = made.settings
        key = desk.prepare(place, keycloak)
        gate = Gate(enabled=True)
        with gate.held(keycloak, "alice"):
            desk.send(place, **START, key=key)
            gate.wait()
            with Faults(place).cut_off():
                pass
        answer = desk.receive()
        assert is_explained(answer)
        assert ledger.live_sessions(keycloak) == set()
        found = desk.ask(place, "inspect")
        assert (found["wrong"], found["acting"]) == ([], 0)
        issuer = keycloak.issuer(people.REALM)
        after = desk.ask(place, "aftermath", issuer=issuer)
        assert (after["cleaned"]["wrong"], after["cleaned"]["open"]) == ([], 0)
        assert after["went_on"] == GOING_ON
