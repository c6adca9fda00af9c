"""No token is to be read anywhere but where it is used; a planted one is found."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from tests.cluster.browser import SYNC, WAYS
from tests.cluster.places import PLACES, Place
from tests.cluster.realm import CLIENTS, CUSTOMERS, OPERATORS
from tests.cluster.search import Search
from tests.cluster.services import GUNICORN, UVICORN
from tests.cluster.test_search import token

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.cluster
KINDS = ("access_token", "refresh_token", "id_token")
LEAST = {
    "keys of Redis": b"kc_exchange:token:",
    "commands to Redis": b"kc_exchange:generation:",
    "messages of Celery": b'\\"task\\": \\"tests.cluster.project.tasks.fail\\"',
    "logs": b"ZeroDivisionError",
    "e-mails": b"ZeroDivisionError",
    "pages": b"Local vars",
    "sessions": b":",
    "other rows": b"customer-050",
    "cookies": b"sessionid=",
}
"""What has to be in each place, lest an empty one be searched."""


def use_everything(cluster: Cluster) -> None:
    """Log in, call, fail in each way, act as somebody, log out."""
    person, operator = cluster.log_in(CUSTOMERS[50]), cluster.log_in(OPERATORS[0])
    for way in WAYS:
        assert person.call(*way).status == 200
    assert person.call(UVICORN, SYNC, bearer=person.tokens["access_token"]).seen
    for port in (GUNICORN, UVICORN):
        assert person.ask(port, f"crash/{person.subject}").status == 500
        for bearer in ("", person.tokens["access_token"]):
            shown = person.ask(port, f"debug-page/{person.subject}", bearer=bearer)
            cluster.pages.append(shown.text)
        cluster.recorder.fault = "closed"
        assert person.call(port, SYNC).status == 500
        cluster.recorder.fault = ""
    for kind, state in (("fetch", "SUCCESS"), ("fail", "FAILURE")):
        assert person.outcome(person.start_job(kind)["task"])["state"] == state
    assert operator.ask(GUNICORN, f"start/{person.name}").status == 200
    for page in ("call", "debug-page"):
        answer = operator.ask(UVICORN, f"{page}/{person.subject}")
        cluster.pages.append(answer.text)
    assert operator.ask(GUNICORN, f"crash/{person.subject}").status == 500
    assert operator.ask(GUNICORN, "stop").status == 200
    assert cluster.log_in(CUSTOMERS[51]).ask(GUNICORN, "logout").status == 200


def test_tokens__are_nowhere_to_be_found(
    cluster: Cluster, report: Callable[[str], None]
) -> None:
    """Not whole, not in pieces, not encoded: of anybody, since the cluster began."""
    use_everything(cluster)
    logins = [login for login in cluster.logins if login.tokens]
    tokens = {login.tokens[kind] for login in logins for kind in KINDS}
    tokens |= cluster.recorder.tokens
    search = Search(tokens, [cluster.secret_key, *CLIENTS.values()])

    texts = {place.name: place.read(cluster) for place in PLACES}

    assert {n: words in texts[n] for n, words in LEAST.items()} == dict.fromkeys(
        texts, True
    )
    assert {n: search.found(text) for n, text in texts.items()} == dict.fromkeys(
        texts, ""
    )
    amount = sum(map(len, texts.values())) / 1_000_000
    report(f"{len(tokens)} tokens and 3 secrets: none in {amount:.1f} MB of 9 places")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_planted_token__is_found(cluster: Cluster, place: Place) -> None:
    planted = token(jti=secrets.token_hex(16), sub=secrets.token_hex(16))

    place.plant(cluster, planted)

    assert Search([planted]).found(place.read(cluster))
