"""What the soak measures with: it sees what does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.cluster.desk import Ledger
from tests.cluster.gauges import LEAST_GROWTH, MORE_FILES, Sample, Trend
from tests.cluster.load import Figures, Outcome
from tests.cluster.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.testing import EmbeddedKeycloak

EVENTS: list[dict[str, Any]] = [
    {"type": "start.granted", "grant": "g", "event_id": "1", "details": {}},
    {"type": "request.started", "grant": "g", "event_id": "2",
     "details": {"request_id": "r"}},
    {"type": "request.finished", "grant": "g", "event_id": "3",
     "details": {"started": "2"}},
    {"type": "grant.ended", "grant": "g", "event_id": "4", "details": {}},
]  # fmt: skip


@pytest.mark.parametrize("lost", range(len(EVENTS)))
def test_ledger__misses_what_is_lost(lost: int) -> None:
    ledger = Ledger(started={"g"}, ended={"g"}, requests={"r"})
    assert ledger.lost(EVENTS, {"r"}) == []
    assert ledger.lost([e for e in EVENTS if e is not EVENTS[lost]], {"r"}) != []


def test_ledger__misses_a_call_that_no_answer_told_of() -> None:
    """The process was killed after the call, so nobody knows how the request went."""
    assert Ledger().lost(EVENTS, {"r", "another"}) == ["start of request another"]
    assert Ledger().lost(EVENTS[:2], {"r"}) == []


@pytest.mark.parametrize(
    ("more", "flat"),
    [
        ((0, 0), True),
        ((LEAST_GROWTH - 1, MORE_FILES), True),
        ((LEAST_GROWTH + 1, 0), False),
        ((0, MORE_FILES + 1), False),
    ],
)
def test_trend__tells_growth(more: tuple[float, int], flat: bool) -> None:
    before = Sample(90.0, 30)
    after = Sample(90.0 + more[0], 30 + more[1])
    assert Trend("celery", 1, before, after).is_flat is flat


def test_figures__count_what_failed() -> None:
    outcomes = [Outcome(0.0, "alice", status, right=True) for status in (200, 503, 0)]
    assert str(Figures(outcomes)) == "3 calls, 2 failed (66.7 %)"


@pytest.fixture
def recorder(embedded_keycloak: EmbeddedKeycloak) -> Iterator[Recorder]:
    made = Recorder(0, embedded_keycloak.issuer("test"))
    made.learn_keys()
    yield made
    made.close()


def get(recorder: Recorder, subject: str, token: str) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return http.get(f"{recorder.url}orders/{subject}", headers=headers, timeout=30)


def exchanged(keycloak: EmbeddedKeycloak, subject: str) -> str:
    """Return a token for the service."""
    reply = requests.post(
        f"{keycloak.issuer('test')}/protocol/openid-connect/token",
        data={
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": subject,
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "audience": "orders-api",
            "scope": "orders:read",
        },
        auth=("django-app", "django-app-secret"),
        timeout=30,
    )
    return str(reply.json()["access_token"])


def test_recorder__tells_tokens_apart(
    recorder: Recorder, embedded_keycloak: EmbeddedKeycloak, kc_subject_token: Any
) -> None:
    """A token for it, of whom the call is for: anything else is noted."""
    own = kc_subject_token("alice")
    token = exchanged(embedded_keycloak, own)
    users = embedded_keycloak.realm("test").users.values()
    ids = {user.username: str(user.id) for user in users}

    assert get(recorder, ids["alice"], token).json()["sub"] == ids["alice"]
    assert (recorder.seen.crossed, recorder.seen.unauthenticated) == ([], [])

    get(recorder, ids["bob"], token)
    assert recorder.seen.crossed == [f"/orders/{ids['bob']}"]

    head, claims, signature = token.split(".")
    forged = f"{head}.{claims}.{signature[::-1]}"
    for wrong in ("", own, forged):
        assert get(recorder, "nobody", wrong).status_code == 401
    assert recorder.seen.unauthenticated == ["/orders/nobody"] * 3
