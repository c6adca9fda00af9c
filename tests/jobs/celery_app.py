"""The tasks of a project, and its Celery."""

from __future__ import annotations

from celery import Celery, shared_task

from kc_exchange.exceptions import ExchangeUnavailable, SubjectGone
from tests.jobs.works import call

app = Celery("tests.jobs", set_as_current=True)
app.conf.update(
    broker_url="memory://",
    result_backend="cache+memory://",
    broker_connection_retry_on_startup=True,
)
runs: list[str] = []
"""References of the runs of this process, each attempt."""


@shared_task(  # type: ignore[untyped-decorator]
    autoretry_for=(ExchangeUnavailable,),
    retry_backoff=False,
    default_retry_delay=0,
    max_retries=3,
    throws=(SubjectGone,),
)
def fetch_orders(reference: str) -> int:
    """Call the service for whom the reference stands."""
    runs.append(reference)
    return call(reference)
