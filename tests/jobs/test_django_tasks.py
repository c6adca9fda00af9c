"""A task of Django 6 calls for whoever started it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.exceptions import SubjectGone
from tests.databases import close_for_good
from tests.jobs.works import call

if TYPE_CHECKING:
    from tests.jobs.works import Works

tasks = pytest.importorskip("django.tasks", reason="django.tasks came with Django 6.0")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _backend(settings: Any) -> None:
    settings.TASKS = {
        "default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"},
        "later": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"},
    }


@tasks.task  # type: ignore[untyped-decorator]
def job(reference: str) -> int:
    """Do the job."""
    return call(reference)


def test_immediate_task__calls_for_whoever_started_it(works: Works) -> None:
    result = job.enqueue(works.reference())

    assert result.status == tasks.TaskResultStatus.SUCCESSFUL
    assert result.return_value == 200
    works.keycloak.assert_exchanged_once(audience="orders-api")


def test_immediate_task__of_whom_has_logged_out(works: Works) -> None:
    """The result tells the error by its class; nothing was called."""
    reference = works.reference()
    works.client.logout()

    result = job.enqueue(reference)

    assert result.status == tasks.TaskResultStatus.FAILED
    assert result.errors[0].exception_class is SubjectGone
    assert works.service.requests == []


def test_task_in_a_worker__is_run_in_a_thread(works: Works) -> None:
    """What was stored is JSON; a thread with nobody bound runs it later."""
    waiting = job.using(backend="later").enqueue(works.reference())
    stored = json.loads(json.dumps(waiting.args))

    def run() -> int:
        try:
            return int(waiting.task.call(*stored))
        finally:
            close_for_good()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run).result(30) == 200
    assert all(secret not in stored[0] for secret in works.secrets())
