"""A logout in one process, and Keycloak's, reach every process in time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.cluster.browser import SYNC
from tests.cluster.project.bound import LOCAL_SECONDS
from tests.cluster.realm import CUSTOMERS
from tests.cluster.services import GUNICORN, UVICORN

if TYPE_CHECKING:
    from tests.cluster.browser import Answer, Browser
    from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.cluster
MOST = 400
"""Calls until every process must have answered one."""


def everywhere(cluster: Cluster, person: Browser) -> dict[int, Answer]:
    """Ask with the access token, as an app would, until every process has answered.

    The session is gone after a logout; what a process keeps for the token shows so.
    """
    pids = {pid for pid, name in cluster.pids().items() if name != "celery"}
    found: dict[int, Answer] = {}
    for _ in range(MOST):
        for port in (GUNICORN, UVICORN):
            answer = person.call(port, SYNC, bearer=person.tokens["access_token"])
            found.setdefault(answer.pid, answer)
        if set(found) == pids:
            return found
    raise AssertionError(f"{pids - set(found)} did not answer")


def by_process(person: Browser, pid: int) -> Answer:
    """Ask until one process of gunicorn has answered."""
    bearer = person.tokens["access_token"]
    answers = (person.call(GUNICORN, SYNC, bearer=bearer) for _ in range(MOST))
    return next(answer for answer in answers if answer.pid == pid)


def used(answers: dict[int, Answer]) -> set[str]:
    return {answer.seen["jti"] for answer in answers.values()}


def test_logout_here__reaches_every_process(cluster: Cluster) -> None:
    """Also of those who did not hear of it; a job of the login ends."""
    person = cluster.log_in(CUSTOMERS[1])
    job = person.start_job()
    assert person.outcome(job["task"])["state"] == "SUCCESS"
    (before,) = used(everywhere(cluster, person))

    left = person.ask(GUNICORN, "logout")
    assert left.status == 200
    assert by_process(person, left.pid).seen["jti"] != before
    while time.monotonic() < left.ended + LOCAL_SECONDS:
        time.sleep(0.1)

    assert before not in used(everywhere(cluster, person))
    assert gone(person, job["reference"]) == "SubjectGone"
    assert person.call(UVICORN, SYNC).status == 302


def test_logout_at_keycloak__reaches_every_process(cluster: Cluster) -> None:
    """Keycloak tells uvicorn alone; nobody makes another call for the login."""
    person = cluster.log_in(CUSTOMERS[2])
    job = person.start_job()
    assert person.outcome(job["task"])["state"] == "SUCCESS"
    assert len(used(everywhere(cluster, person))) == 1

    cluster.realm.end_sessions(person.name)
    told = time.monotonic()
    assert "kc_exchange.backchannel_logout" in cluster.log_of("uvicorn").read_text()
    while time.monotonic() < told + LOCAL_SECONDS:
        time.sleep(0.1)

    calls = cluster.recorder.seen.calls
    answers = everywhere(cluster, person)
    assert {answer.status for answer in answers.values()} == {401}
    assert gone(person, job["reference"]) == "SubjectGone"
    assert person.call(GUNICORN, SYNC).status == 302
    assert cluster.recorder.seen.calls == calls


def gone(person: Browser, reference: str) -> str:
    """Return the error that a job of this reference ends with."""
    answer = person.ask(GUNICORN, f"again/{person.subject}?reference={reference}")
    return str(person.outcome(answer.said["task"])["error"])
