"""Run one of the scenarios in the project, and print what came of it."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any

import django
from django.core.management import call_command

django.setup()
for _alias in ("default", "records"):
    call_command("migrate", database=_alias, run_syncdb=True, verbosity=0)

from django.contrib.auth import get_user_model  # noqa: E402 - after the setup
from django.contrib.auth.models import Permission  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402

from kc_exchange.models import AuditEvent, ImpersonationGrant  # noqa: E402

MANY = 8


def member(name: str, *codenames: str) -> Any:
    made = get_user_model()(email=f"{name}@example.com", is_staff=bool(codenames))
    made.set_password(name)
    made.save()
    made.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return made


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def start(client: Client, target: Any, **stated: Any) -> Any:
    body = {"target": str(target.pk), "reason": "Ticket 4711, her invoice", **stated}
    return client.post("/start/", body, content_type="application/json")


def walk() -> dict[str, Any]:
    """Start, act, be refused, end."""
    sam, alice = member("sam", "impersonate"), member("alice")
    client = browser(sam)
    answers = [start(client, alice).status_code]
    seen = [client.get("/who/").json()["user"]]
    answers += [client.get("/note/?basket=full").status_code]
    answers += [client.post("/change/").status_code]
    seen.append(client.get("/who/").json()["session"])
    answers += [client.post("/stop/").status_code]
    seen.append(client.get("/who/").json()["user"])
    grant = ImpersonationGrant.objects.get()
    return {
        "answers": answers,
        "seen": seen,
        "people": [grant.operator_id, grant.target_id] == [str(sam.pk), str(alice.pk)],
        "names": [grant.operator_name, grant.target_name],
        "cause": grant.end_cause,
        "events": list(
            AuditEvent.objects.order_by("seq").values_list("type", flat=True)
        ),
        "tables": {alias: tables(alias) for alias in connections},
    }


def tables(alias: str) -> list[str]:
    found = connections[alias].introspection.table_names()
    return sorted(name for name in found if name.startswith("kc_exchange_"))


def crowd() -> dict[str, Any]:
    """Let one operator start in many browsers at the same moment."""
    sam, alice = member("sam", "impersonate"), member("alice")
    clients = [browser(sam) for _ in range(MANY)]
    gate = threading.Barrier(MANY)

    def attempt(client: Client) -> int:
        gate.wait()
        try:
            return int(start(client, alice).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as pool:
        answers = sorted(pool.map(attempt, clients))
    events = AuditEvent.objects.order_by("seq").values_list("type", "code")
    return {
        "answers": answers,
        "open": ImpersonationGrant.objects.exclude(open_for=None).count(),
        "events": sorted(map(list, events)),
        "seen": sorted(c.get("/who/").json()["user"] for c in clients),
    }


def storm() -> dict[str, Any]:
    """Let eight tabs of one grant store something, while it is ended."""
    sam, alice = member("sam", "impersonate"), member("alice")
    client = browser(sam)
    start(client, alice)
    gate = threading.Barrier(MANY)

    def tab(number: int) -> list[int]:
        mine = Client(raise_request_exception=False)
        mine.cookies = deepcopy(client.cookies)
        gate.wait()
        try:
            answers = []
            for turn in range(MANY):
                if (number, turn) == (0, MANY // 2):
                    answers.append(mine.post("/stop/").status_code)
                answers.append(mine.get(f"/note/?tab{number}={turn}").status_code)
            return answers
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as pool:
        answers = [status for tab in pool.map(tab, range(MANY)) for status in tab]
    events = AuditEvent.objects.order_by("seq").values_list("type", flat=True)
    started, finished = (
        list(events).count(f"request.{w}") for w in ("started", "finished")
    )
    return {
        "answers": sorted(set(answers)),
        "ends": list(events).count("grant.ended"),
        "unfinished": started - finished,
        "after the end": list(events)[list(events).index("grant.ended") :].count(
            "request.started"
        ),
        "left": sum("_kc_exchange_as_target" in s.get_decoded() for s in sessions()),
    }


def sessions() -> Any:
    from django.contrib.sessions.models import Session  # noqa: PLC0415 - an app's

    return Session.objects.all()


scenarios = {"walk": walk, "crowd": crowd, "storm": storm}
json.dump(scenarios[sys.argv[1]](), sys.stdout)
