"""Requests of two tenants' people, each with what must come of it."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from django.test import AsyncClient, Client

from kc_exchange.tokens import unverified_claims
from tests.tenants.tenants import PEOPLE, TENANTS, host, log_in, other

if TYPE_CHECKING:
    from kc_exchange.testing import EmbeddedKeycloak

SERVICES = ("orders-api", "billing-api")
_REFUSED = 401


@dataclass
class Person:
    """One user of one tenant, logged in with a browser and with an app."""

    tenant: str
    name: str
    keycloak: EmbeddedKeycloak
    issuer: str = ""
    subject: str = ""
    bearer: str = ""
    cookie: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def log_in(self) -> None:
        """Log in, in the browser and in the app."""
        reply = log_in(self.keycloak, self.tenant, self.name)
        claims = unverified_claims(reply["access_token"])
        self.issuer, self.subject = claims["iss"], claims["sub"]
        client = Client(SERVER_NAME=host(self.tenant))
        sent = json.dumps({**reply, "person": self.name})
        client.post("/enter/", sent, content_type="application/json")
        self.cookie = client.cookies["sessionid"].value
        self.app_logs_in()

    def app_logs_in(self) -> None:
        """Give the app a new access token."""
        reply = log_in(self.keycloak, self.tenant, self.name)
        self.bearer = reply["access_token"]


def people(keycloak: EmbeddedKeycloak) -> list[Person]:
    """Log everybody in."""
    found = [Person(tenant, name, keycloak) for tenant in TENANTS for name in PEOPLE]
    for person in found:
        person.log_in()
    return found


class _AsyncClient(AsyncClient):
    """One that names another host than `testserver`, which Django's own cannot."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self._host = host.encode()

    def _base_scope(self, **request: Any) -> dict[str, Any]:
        scope: dict[str, Any] = super()._base_scope(**request)  # type: ignore[misc]
        named = [pair for pair in scope["headers"] if pair[0] != b"host"]
        return {**scope, "headers": [(b"host", self._host), *named]}


class Visitor:
    """One thread's worth of requests, chosen by `seed`; mistakes are collected."""

    def __init__(self, crowd: list[Person], seed: int, wrong: list[str]) -> None:
        self._crowd = crowd
        self._random = Random(seed)  # noqa: S311 - the same choices each time
        self._wrong = wrong
        self.served = 0
        self.refused = 0

    def visit(self) -> None:
        """Send one request, and look closely at the answer."""
        person = self._random.choice(self._crowd)
        ways = (self._browser, self._app, self._async, self._api)
        way = self._random.choice((*ways, self._astray, self._forged))
        way(person)

    def _browser(self, person: Person) -> None:
        self._served(person, self._get(person, cookie=person.cookie))

    def _app(self, person: Person) -> None:
        self._served(person, self._get(person, bearer=person.bearer))

    def _async(self, person: Person) -> None:
        path = f"/call-async/{self._random.choice(SERVICES)}/"
        headers = {"Authorization": f"Bearer {person.bearer}"}
        client = _AsyncClient(host(person.tenant))
        answer = asyncio.run(client.get(path, headers=headers))
        self._served(person, answer)

    def _api(self, person: Person) -> None:
        answer = self._get(person, "/check/", bearer=person.bearer)
        if answer.status_code == _REFUSED:
            self._expired(person)
            return
        told = answer.json()
        self._expect(
            (told["issuer"], told["subject"]) == (person.issuer, person.subject)
        )

    def _astray(self, person: Person) -> None:
        """At the other tenant's address neither login counts."""
        there = host(other(person.tenant))
        for login in ({"cookie": person.cookie}, {"bearer": person.bearer}):
            self._turned_away(self._get(person, at=there, **login))
        self._turned_away(self._get(person, "/check/", at=there, bearer=person.bearer))

    def _forged(self, person: Person) -> None:
        """A key of one tenant signs nothing that the other one says."""
        claims = unverified_claims(person.bearer) | {"iss": person.issuer}
        token = person.keycloak.sign(other(person.tenant), claims)
        self._turned_away(self._get(person, "/check/", bearer=token))
        self._turned_away(self._get(person, bearer=token))

    def _get(
        self, person: Person, path: str = "", *, at: str = "", **login: str
    ) -> Any:
        client = Client(SERVER_NAME=at or host(person.tenant))
        if "cookie" in login:
            client.cookies["sessionid"] = login["cookie"]
        bearer = login.get("bearer")
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        path = path or f"/call/{self._random.choice(SERVICES)}/"
        return client.get(path, headers={**headers, "Accept": "application/json"})

    def _served(self, person: Person, answer: Any) -> None:
        if answer.status_code == _REFUSED:
            self._expired(person)
            return
        if answer.status_code != 200:
            self._wrong.append(f"status {answer.status_code}")
            return
        told = answer.json()
        claims = told["claims"]
        seen = (claims["iss"], claims["sub"], claims["azp"])
        self._expect(seen == (person.issuer, person.subject, "django-app"), str(seen))
        self._expect(told["cookie"] == "", told["cookie"])
        self._expect(not answer.cookies.get("whose"), "a cookie of the service")
        self.served += 1

    def _expired(self, person: Person) -> None:
        """A bearer token is over: the app gets another one."""
        with person.lock:
            person.app_logs_in()

    def _turned_away(self, answer: Any) -> None:
        self._expect(answer.status_code in {302, _REFUSED}, str(answer.status_code))
        self.refused += 1

    def _expect(self, held: bool, said: str = "") -> None:
        if not held:
            self._wrong.append(said or "somebody else")
