"""The project's Celery, with Redis for broker and results."""

from __future__ import annotations

import os
from typing import Any

import django
from celery import Celery
from django.apps import apps

if not apps.ready:  # a worker begins here
    django.setup()

from kc_exchange import acting_for, downstream_session
from tests.cluster.project.settings import given

_REDIS = f"{given['redis']}/0"

app = Celery("tests.cluster", broker=_REDIS, backend=_REDIS)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 5},
    result_expires=600,
    worker_hijack_root_logger=False,
)


@app.task  # type: ignore[untyped-decorator]
def fetch(reference: str, subject: str) -> dict[str, Any]:
    """Call the service for whom the reference stands."""
    with acting_for(reference), downstream_session("orders-api") as session:
        reply = session.get(f"orders/{subject}")
        return {"pid": os.getpid(), "seen": reply.json(), "status": reply.status_code}


@app.task  # type: ignore[untyped-decorator]
def fail(reference: str, subject: str) -> None:
    """Do the same, and fail with all of it in the frames."""
    with acting_for(reference), downstream_session("orders-api") as session:
        reply = session.get(f"orders/{subject}")
        raise ZeroDivisionError(reply)
