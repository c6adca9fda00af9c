"""Somebody's browser: a cookie, and who it has to be at the service."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import requests

from kc_exchange.tokens import unverified_claims
from tests.cluster.realm import CLIENTS
from tests.cluster.services import GUNICORN, UVICORN

SYNC, ASYNC = "call", "acall"
WAYS = ((GUNICORN, SYNC), (UVICORN, SYNC), (UVICORN, ASYNC))
"""A view in gunicorn, one in uvicorn, and a coroutine there."""
_TIMEOUT = 60


@dataclass(frozen=True)
class Answer:
    """What a page answered; `begun` and `ended` by the monotonic clock."""

    status: int
    text: str
    begun: float
    ended: float
    pid: int = 0
    """Which process answered."""

    @property
    def said(self) -> dict[str, Any]:
        """The JSON of it, if it is any."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def seen(self) -> dict[str, Any]:
        """What the service saw."""
        return dict(self.said.get("seen") or {})


@dataclass
class Browser:
    """One person, logged in."""

    name: str
    subject: str
    tokens: dict[str, Any] = field(repr=False)
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)
    """Every `Set-Cookie` that came."""

    def ask(
        self,
        port: int,
        path: str,
        *,
        body: Any = None,
        bearer: str = "",
        request_id: str = "",
    ) -> Answer:
        """Ask for a page.

        Raises:
            OSError, http.client.HTTPException: nobody answered.
        """
        begun = time.monotonic()
        place, _, query = path.partition("?")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
        try:
            connection.request(
                "GET" if body is None else "POST",
                f"/{place}/?{query}",
                None if body is None else json.dumps(body),
                self._headers(bearer) | {"X-Request-ID": request_id},
            )
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        for header in reply.headers.get_all("Set-Cookie") or []:
            self.set_cookies.append(header)
            for name, item in SimpleCookie(header).items():
                self.cookies[name] = item.value
        pid = int(reply.headers.get("X-Pid") or 0)
        return Answer(reply.status, text, begun, time.monotonic(), pid)

    def _headers(self, bearer: str) -> dict[str, str]:
        if bearer:
            return {"Authorization": f"Bearer {bearer}"}
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": jar} if jar else {}

    def call(self, port: int, way: str, *, bearer: str = "") -> Answer:
        """Let a page call the service for this person."""
        return self.ask(port, f"{way}/{self.subject}", bearer=bearer)

    def start_job(self, kind: str = "fetch") -> dict[str, Any]:
        """Let a worker do it; return its `task` and `reference`."""
        answer = self.ask(GUNICORN, f"job/{kind}/{self.subject}")
        assert answer.status == 200, answer.text
        return answer.said

    def outcome(self, task: str, seconds: float = _TIMEOUT) -> dict[str, Any]:
        """Wait for what came of a job."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            said = self.ask(GUNICORN, f"outcome/{task}").said
            if said.get("state") in {"SUCCESS", "FAILURE"}:
                return said
            time.sleep(0.1)
        raise TimeoutError(f"the job of {self.name} did not end")


def log_in(issuer: str, name: str, set_cookies: list[str]) -> Browser:
    """Log somebody in at Keycloak, with their password, and here with what it gives."""
    with requests.Session() as http:
        http.trust_env = False
        reply = http.post(
            f"{issuer}/protocol/openid-connect/token",
            data={
                "grant_type": "password",
                "username": name,
                "password": f"{name}-password",
                "scope": "openid",
            },
            auth=("shop", CLIENTS["shop"]),
            timeout=_TIMEOUT,
        )
    assert reply.status_code == 200, reply.text
    given = reply.json()
    tokens = {n: given[n] for n in ("access_token", "refresh_token", "id_token")}
    tokens["expires_at"] = time.time() + given["expires_in"]
    subject = str(unverified_claims(given["access_token"])["sub"])
    browser = Browser(name, subject, tokens, set_cookies=set_cookies)
    answer = browser.ask(GUNICORN, "login", body=tokens)
    assert answer.status == 200, answer.text
    return browser
