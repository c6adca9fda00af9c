"""A Celery worker calls for whoever started the task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from celery.contrib.testing.worker import start_worker
from celery.signals import setup_logging, task_postrun

from kc_exchange.exceptions import SubjectGone
from tests.databases import close_for_good
from tests.jobs.celery_app import app, fetch_orders, runs
from tests.jobs.test_session import expire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.jobs.works import Works

pytestmark = pytest.mark.django_db(transaction=True)
WAIT = 30


@pytest.fixture(autouse=True)
def _no_runs() -> None:
    runs.clear()


@pytest.fixture(scope="module")
def worker() -> Iterator[None]:
    """Run a worker in a thread, with a connection to the database of its own."""

    def close(**_: Any) -> None:
        close_for_good()

    def leave_logging_alone(**_: Any) -> None:
        """Or Celery takes the root logger for good, from tests that come later, too."""

    task_postrun.connect(close)
    setup_logging.connect(leave_logging_alone)
    try:
        with start_worker(app, pool="solo", perform_ping_check=False):
            yield
    finally:
        task_postrun.disconnect(close)
        setup_logging.disconnect(leave_logging_alone)


@pytest.mark.usefixtures("worker")
def test_task__calls_for_whoever_started_it(works: Works) -> None:
    """The call of the worker is the user's."""
    assert fetch_orders.delay(works.reference()).get(timeout=WAIT) == 200

    works.keycloak.assert_exchanged_once(audience="orders-api")


@pytest.mark.usefixtures("worker")
def test_task__of_whom_has_logged_out(works: Works) -> None:
    """It fails once, with the error itself, calls nothing and is not retried."""
    reference = works.reference()
    works.client.logout()
    result = fetch_orders.delay(reference)

    with pytest.raises(SubjectGone, match="logged out"):
        result.get(timeout=WAIT)

    assert result.state == "FAILURE"
    assert runs == [reference]
    assert works.service.requests == []
    assert works.keycloak.exchanges == []


@pytest.mark.usefixtures("worker")
def test_task__is_retried_while_keycloak_is_away(works: Works) -> None:
    """Celery runs it again, and the user's token is renewed then."""
    reference = works.reference()
    expire(works)
    works.keycloak.fail_next(status=503)

    assert fetch_orders.delay(reference).get(timeout=WAIT) == 200
    assert runs == [reference, reference]


def test_message__holds_no_token(works: Works) -> None:
    """What lies in the broker is the reference, and no part of any token."""
    reference = works.reference()
    fetch_orders.apply_async((reference,), queue="looked-at")

    with app.connection_for_read() as connection:
        message = connection.default_channel.basic_get("looked-at", no_ack=True)

    sent = f"{message.body!r} {message.headers} {message.properties}"
    assert reference in sent
    for secret in (*works.secrets(), works.session().session_key):
        assert secret[:32] not in sent


def test_message__of_a_token_would_be_found(works: Works) -> None:
    """The test above finds a token that somebody does send."""
    (token, *_) = works.secrets()
    fetch_orders.apply_async((token,), queue="looked-at")

    with app.connection_for_read() as connection:
        message = connection.default_channel.basic_get("looked-at", no_ack=True)

    assert token[:32] in f"{message.body!r}"
