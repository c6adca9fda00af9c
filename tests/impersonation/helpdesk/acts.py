"""What a process of the help desk does, and what another one finds afterwards."""

from __future__ import annotations

import logging
from datetime import timedelta
from io import StringIO
from typing import Any

import time_machine
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from hypothesis.stateful import run_state_machine_as_test

from kc_exchange.impersonation import end, sweep
from kc_exchange.impersonation.audit.reading import read_record
from kc_exchange.impersonation.audit.verify import verify
from kc_exchange.impersonation.session import ITEM
from kc_exchange.models import AuditEvent, ImpersonationGrant
from tests.impersonation.helpdesk import ledger, people, sightings

GOING_ON = [200, 200, "alice", "olga"]
"""A start and a stop that succeed; as whom pages run after the one and the other."""
OPERATOR, TARGET = people.OPERATORS[0], people.TARGETS[0]


def migrate(**_: Any) -> dict[str, Any]:
    """Make the tables."""
    call_command("migrate", verbosity=0)
    return {}


def prepare(identities: dict[str, str], issuer: str, **_: Any) -> dict[str, Any]:
    """Make everybody, and log the operator in; `identities` are Keycloak's ids."""
    names = (*people.OPERATORS, *people.TARGETS, people.SUPERUSER)
    made = {name: people.make_one(name) for name in names}
    for name, subject in identities.items():
        people.identify(made[name], issuer, subject)
    client = Client()
    people.log_in(client, made[OPERATOR], issuer)
    return {"key": client.cookies["sessionid"].value}


def visit(path: str, key: str = "", **form: str) -> dict[str, Any]:
    """Send a request with this session key; POST if there is a form."""
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = key
    request_id = {"X-Request-ID": path, "Accept": "application/json"}
    log = StringIO()
    logging.getLogger("kc_exchange").addHandler(logging.StreamHandler(log))
    send = client.post if form else client.get
    response = send(path, form or None, headers=request_id)
    return {
        "status": response.status_code,
        "refused": response.headers.get("X-Refused", ""),
        "key": client.cookies["sessionid"].value,
        "seen": [seen.user for seen in sightings.SEEN],
        "said": response.content.decode(),
        "log": log.getvalue(),
    }


def visit_later(minutes: int, **request: Any) -> dict[str, Any]:
    """Send a request when so many minutes have passed."""
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        return visit(**request)


def force(**_: Any) -> dict[str, Any]:
    """Let an administrator end the open grant."""
    grant = ImpersonationGrant.objects.get(ended_at=None)
    root = get_user_model().objects.get(username=people.SUPERUSER)
    return {"ended": end(grant, "forced", by=root)}


def machine(examples: int, steps: int, **_: Any) -> dict[str, Any]:
    """Run grants as a state machine on this process's database."""
    from tests.impersonation.machine import (  # noqa: PLC0415 - takes a while
        GrantMachine,
        so_many,
    )

    logging.disable()
    run_state_machine_as_test(GrantMachine, settings=so_many(examples, steps))
    return {"causes": sorted(GrantMachine.causes)}


def inspect(**_: Any) -> dict[str, Any]:
    """Say what is wrong with the rows, the record, the sessions and the effects."""
    report = verify()
    wrong = [finding.sentence for finding in report.findings]
    grants = ImpersonationGrant.objects
    operators = grants.values_list("operator_id", flat=True)
    types = AuditEvent.objects.order_by("seq").values_list("type", flat=True)
    return {
        "wrong": [*wrong, *ledger.disagreements(set(operators)), *_of_sessions()]
        + [f"{name} has no record" for name in _unrecorded()],
        "open": grants.filter(ended_at=None).count(),
        "acting": grants.filter(ended_at=None, started_at__isnull=False).count(),
        "kept": sorted(ledger.kept_sessions()),
        "effects": Group.objects.count(),
        "types": list(types),
        "unfinished": _unfinished(list(types)),
        "size": report.size,
    }


def _unfinished(types: list[str]) -> int:
    """Return how many starts and requests the record tells no outcome of."""
    begun = types.count("start.requested") + types.count("request.started")
    over = ["start.granted", "start.denied", "request.finished"]
    return begun - sum(types.count(kind) for kind in over)


def aftermath(*, issuer: str = "", going_on: bool = True, **_: Any) -> dict[str, Any]:
    """Say what a process left behind, and what is left of it after a sweep.

    Then the operator logs in anew, and starts, acts and stops once more.
    """
    found = inspect()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        swept = [grant.end_cause for grant in sweep()]
    return {
        "found": found,
        "swept": swept,
        "cleaned": inspect(),
        "went_on": _go_on(issuer) if going_on else GOING_ON,
        "at_last": inspect(),
    }


def _go_on(issuer: str) -> list[int | str]:
    client = Client()
    people.log_in(client, get_user_model().objects.get(username=OPERATOR), issuer)
    start = client.post("/desk/start/", {"target": TARGET})
    client.get("/basket/")
    stop = client.post("/desk/stop/")
    client.get("/basket/")
    return [start.status_code, stop.status_code, *(s.user for s in sightings.SEEN)]


def _of_sessions() -> list[str]:
    """Name the sessions that let somebody act without a grant that was given."""
    begun = ImpersonationGrant.objects.filter(started_at__isnull=False)
    known = {str(pk) for pk in begun.values_list("pk", flat=True)}
    targets = get_user_model().objects.filter(username__in=people.TARGETS)
    ids = {str(pk) for pk in targets.values_list("pk", flat=True)}
    wrong = []
    for row in Session.objects.all():
        content = row.get_decoded()
        item = content.get(ITEM)
        if item is not None and item["grant"] not in known:
            wrong.append(f"session {row.session_key} has a grant that never began")
        if content.get(SESSION_KEY) in ids:
            wrong.append(f"session {row.session_key} logs a target in")
    return wrong


def _unrecorded() -> list[str]:
    """Name what a view did as the operator, or without a record of the request."""
    started = AuditEvent.objects.filter(type="request.started")
    known = {read_record(event).detail("request_id") for event in started}
    done = [name.split(" ") for name in Group.objects.values_list("name", flat=True)]
    impersonated = [words for words in done if words[1] not in {"", OPERATOR}]
    as_operator = [" ".join(words) for words in done if words[1] == OPERATOR]
    return as_operator + [" ".join(w) for w in impersonated if w[0] not in known]
