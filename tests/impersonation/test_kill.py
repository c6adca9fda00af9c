"""The process is killed before and after each statement of a start, request and end.

Real processes on a real file: what the next one finds is what was committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.testing import EmbeddedKeycloak
from tests.impersonation.helpdesk import ledger, people
from tests.impersonation.helpdesk.running import LOCAL, at_keycloak, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kc_exchange.testing import DownstreamRecorder
    from tests.impersonation.helpdesk.running import HelpDesk

Order = dict[str, Any]

START: Order = {"act": "visit", "path": "/desk/start/", "target": "alice"}
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
    desk: HelpDesk, fresh: Callable[[], tuple[Path, str]], order: Order
) -> Iterator[tuple[str, Path]]:
    """Do `order` again and again, each time killed one statement later.

    `fresh` returns a database and the operator's session key in it.
    """
    path, key = fresh()
    statements = desk.ask(path, **order, key=key)["statements"]
    for number, statement in enumerate(statements, 1):
        for side in ("before", "after"):
            if side == "after" and statement == "SELECT":
                continue  # as before the next one: nothing was written
            path, key = fresh()
            answer = desk.ask(path, **order, key=key, kill=(number, side))
            assert answer["killed"], answer
            yield f"{side} statement {number}, {statement}", path


def prepare(desk: HelpDesk, **told: Any) -> tuple[Path, str]:
    """Return a database with everybody in it, and the operator's session key."""
    path = desk.database()
    told = {"identities": {}, "issuer": "", **told}
    return path, desk.ask(path, "prepare", **told)["key"]


def begin(desk: HelpDesk, path: Path, key: str) -> str:
    """Start a grant, and return the operator's new session key."""
    answer = desk.ask(path, **START, key=key)
    assert answer["status"] == 200, answer
    return str(answer["key"])


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
def test_kill__nothing_without_its_record(
    tmp_path: Path, order: Order, fewest: int, atomic: bool
) -> None:
    """No row, session or effect is there that the record does not tell of before."""
    tried = 0
    with running(tmp_path, LOCAL, ATOMIC_REQUESTS=atomic) as desk:
        template, key = prepare(desk)
        if order is not START:
            key = begin(desk, template, key)
        for when, path in kills(desk, lambda: (desk.database(template), key), order):
            check(desk.ask(path, "aftermath"), when)
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
        people_there = people.identities(keycloak)
        template, key = prepare(desk, identities=people_there, issuer=issuer)

        def fresh() -> tuple[Path, str]:
            keycloak.logout(people.REALM, "alice")
            keycloak.clock.reset()
            path = desk.database(template)
            known = key if order is START else begin(desk, path, key)
            keycloak.advance(60 * order.get("minutes", 0))
            return path, known

        for when, path in kills(desk, fresh, order):
            live = ledger.live_sessions(keycloak)
            found = desk.ask(path, "inspect")
            unknown = live - set(found["kept"])
            assert len(unknown) <= found["unfinished"] <= 1, when
            keycloak.clock.reset()
            told = {"issuer": issuer, "going_on": tried % SOME == 0}
            check(desk.ask(path, "aftermath", **told), when)
            assert ledger.live_sessions(keycloak) == unknown, when
            tried, lost = tried + 1, lost + len(unknown)
    print(f"killed at {tried} points; {lost} of them before a session was known here")  # noqa: T201
    assert tried >= fewest
    assert lost <= unknown_at_most
