"""The process is killed before and after each statement of a start, request and end.

Real processes on a real file: what the next one finds is what was committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.testing import EmbeddedKeycloak
from tests.impersonation.helpdesk import ledger, people
from tests.impersonation.helpdesk.running import LOCAL, START, at_keycloak, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kc_exchange.testing import DownstreamRecorder
    from tests.impersonation.helpdesk.running import HelpDesk, Place

Order = dict[str, Any]

CHANGE: Order = {"act": "visit", "path": "/basket/", "anything": "is changed"}
STOP: Order = {"act": "visit", "path": "/desk/stop/", "anything": "at all"}
LEAVE: Order = {"act": "visit", "path": "/leave/", "anything": "at all"}
LATE: Order = {"act": "visit_later", "path": "/basket/", "minutes": 30}
FORCE: Order = {"act": "force"}
CALL: Order = {"act": "visit", "path": "/call/"}
CALL_LATER: Order = {"act": "visit_later", "path": "/call/", "minutes": 6}
"""Later than an access token lasts."""
SOME = 4
"""Of so many points at Keycloak, at one the operator also works on: it takes long."""


def kills(
    desk: HelpDesk, fresh: Callable[[], tuple[Place, str]], order: Order
) -> Iterator[tuple[str, Place]]:
    """Do `order` again and again, each time killed one statement later.

    `fresh` returns a database and the operator's session key in it.
    """
    place, key = fresh()
    statements = desk.ask(place, **order, key=key)["statements"]
    for number, statement in enumerate(statements, 1):
        for side in ("before", "after"):
            if side == "after" and statement == "SELECT":
                continue  # as before the next one: nothing was written
            place, key = fresh()
            answer = desk.ask(place, **order, key=key, kill=(number, side))
            assert answer["killed"], answer
            yield f"{side} statement {number}, {statement}", place


def check(after: dict[str, Any], when: str) -> None:
    """Check what a killed process left, and that the operator could go on."""
    found, cleaned = after["found"], after["cleaned"]
    assert found["wrong"] == [], when
    assert cleaned["wrong"] == [], when
    assert cleaned["open"] == 0, when
    assert len(after["swept"]) == found["open"], when
    assert after["went_on"] == [200, 200, "alice", "olga"], when
    assert after["at_last"]["wrong"] == [], when


@pytest.mark.parametrize(
    ("order", "fewest", "atomic"),
    [
        pytest.param(START, 40, False, id="start"),
        pytest.param(CHANGE, 28, False, id="request"),
        pytest.param(CHANGE, 28, True, id="request-atomic"),
        pytest.param(STOP, 32, False, id="stop"),
        pytest.param(LEAVE, 40, False, id="logout"),
        pytest.param(LATE, 30, False, id="expired"),
        pytest.param(FORCE, 15, False, id="forced"),
    ],
)
@pytest.mark.fault(27)
def test_kill__nothing_without_its_record(
    tmp_path: Path, order: Order, fewest: int, atomic: bool
) -> None:
    """No row, session or effect is there that the record does not tell of before."""
    tried = 0
    with running(tmp_path, LOCAL, ATOMIC_REQUESTS=atomic) as desk:
        template = desk.file()
        key = desk.prepare(template)
        if order is not START:
            key = desk.begin(template, key)
        for when, place in kills(desk, lambda: (desk.file(template), key), order):
            check(desk.ask(place, "aftermath"), when)
            tried += 1
    print(f"killed at {tried} points")  # noqa: T201 - shown by -s, and where the test fails
    assert tried >= fewest


@pytest.fixture
def keycloak() -> Iterator[EmbeddedKeycloak]:
    """Return a Keycloak that impersonates."""
    with EmbeddedKeycloak(people.realm(), features=["token-exchange"]) as server:
        yield server


@pytest.mark.parametrize(
    ("order", "fewest", "unknown_at_most"),
    [
        pytest.param(START, 44, 2, id="start"),
        pytest.param(CALL, 36, 0, id="call"),
        pytest.param(CALL_LATER, 60, 12, id="renewal"),
        pytest.param(STOP, 40, 0, id="stop"),
    ],
)
@pytest.mark.fault(27)
def test_kill__keycloak_has_no_session_without_a_record(
    tmp_path: Path,
    keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    order: Order,
    fewest: int,
    unknown_at_most: int,
) -> None:
    """Every session of the target can be ended from here, or the record leads to it.

    The latter between Keycloak's answer and the commit after it: the record has the
    start or the request, and tells of no outcome.
    """
    tried, lost = 0, 0
    with running(tmp_path, at_keycloak(keycloak, kc_downstream)) as desk:
        issuer = keycloak.issuer(people.REALM)
        template = desk.file()
        key = desk.prepare(template, keycloak)

        def fresh() -> tuple[Place, str]:
            keycloak.logout(people.REALM, "alice")
            keycloak.clock.reset()
            place = desk.file(template)
            known = key if order is START else desk.begin(place, key)
            keycloak.advance(60 * order.get("minutes", 0))
            return place, known

        for when, place in kills(desk, fresh, order):
            live = ledger.live_sessions(keycloak)
            found = desk.ask(place, "inspect")
            unknown = live - set(found["kept"])
            assert len(unknown) <= found["unfinished"] <= 1, when
            keycloak.clock.reset()
            told = {"issuer": issuer, "going_on": tried % SOME == 0}
            check(desk.ask(place, "aftermath", **told), when)
            assert ledger.live_sessions(keycloak) == unknown, when
            tried, lost = tried + 1, lost + len(unknown)
    print(f"killed at {tried} points; {lost} of them before a session was known here")  # noqa: T201
    assert tried >= fewest
    assert lost <= unknown_at_most
