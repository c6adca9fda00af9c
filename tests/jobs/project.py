"""A project in processes of its own, with a database in a file, and Celery on Redis.

python -m tests.jobs.project begin          prints a reference of alice's
python -m tests.jobs.project expire         her session's and her token's time is over
python -m tests.jobs.project call REFERENCE
python -m tests.jobs.project logout
celery -A tests.jobs.project:app worker
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from importlib import import_module
from typing import Any

import django
from celery import Celery
from django.conf import settings

GIVEN: dict[str, Any] = json.loads(os.environ["KC_EXCHANGE_PROJECT"])
"""`database`, `kc_exchange`, `tokens`, `redis`."""


def configure() -> None:
    """Take the settings of the tests with what was given."""
    from tests import settings as own  # noqa: PLC0415

    values = {n: getattr(own, n) for n in dir(own) if n.isupper()}
    values["DATABASES"] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": GIVEN["database"],
            "OPTIONS": {"timeout": 30},
        }
    }
    values["KC_EXCHANGE"] = GIVEN["kc_exchange"]
    settings.configure(**values)
    django.setup()


if not settings.configured:
    configure()

app = Celery("tests.jobs.project", broker=GIVEN["redis"], backend=GIVEN["redis"])
app.conf.broker_connection_retry_on_startup = True


@app.task(throws=())  # type: ignore[untyped-decorator]
def fetch_orders(reference: str) -> int:
    """Call the service for whom the reference stands."""
    from tests.jobs.works import call as work  # noqa: PLC0415

    return work(reference)


def begin() -> str:
    """Make the tables, and alice, who logs in with an offline token."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import Client, RequestFactory  # noqa: PLC0415

    from kc_exchange import SubjectReference  # noqa: PLC0415
    from kc_exchange.tokens import TokenSet  # noqa: PLC0415
    from tests.impersonation.realm_desk import log_in  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create(username="alice")
    client = Client()
    log_in(client, user, TokenSet(**GIVEN["tokens"]))
    request = RequestFactory().get("/")
    request.session = client.session
    request.user = user
    return SubjectReference.of(request, offline=True)


def expire() -> str:
    """Let the session's time, and the token's, be over."""
    from django.contrib.sessions.models import Session  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from kc_exchange.jobs.logins import opened, write  # noqa: PLC0415
    from kc_exchange.models import OfflineToken  # noqa: PLC0415

    Session.objects.all().delete()
    row = OfflineToken.objects.get()
    login = opened(row)
    assert login is not None
    past = time.time() - 1
    write(row, replace(login, expires_at=past))
    row.session_ends_at = timezone.now()
    row.save()
    return ""


def call(reference: str) -> str:
    """Do the job, once a line has come."""
    from tests.jobs.works import call as work  # noqa: PLC0415

    print("begun", flush=True)  # noqa: T201 - the test waits for it
    sys.stdin.readline()
    return str(work(reference))


def logout() -> str:
    """Log out whoever is logged in, as Django's view does."""
    from django.contrib.auth import get_user, logout  # noqa: PLC0415
    from django.contrib.sessions.models import Session  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415

    for row in Session.objects.all():
        request = RequestFactory().get("/")
        store = import_module(settings.SESSION_ENGINE).SessionStore
        request.session = store(row.session_key)
        request.user = get_user(request)
        logout(request)
    return ""


if __name__ == "__main__":
    acts: dict[str, Any] = {act.__name__: act for act in (begin, expire, call, logout)}
    print(acts[sys.argv[1]](*sys.argv[2:]))  # noqa: T201 - the test reads it
