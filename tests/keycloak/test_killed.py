"""A real Keycloak that is killed under load, and started again."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, downstream_session, exchange
from kc_exchange.context import using_subject_token
from kc_exchange.exceptions import ExchangeError, ExchangeUnavailable
from kc_exchange.testing import DownstreamRecorder
from kc_exchange.tokens import SubjectToken
from tests.background import Background
from tests.keycloak.admins import RealAdmin
from tests.keycloak.provider import Provider
from tests.keycloak.realms import REALM
from tests.keycloak.servers import Server
from tests.real_keycloak import administrator

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.keycloak,
    pytest.mark.keycloak_killed,
    pytest.mark.fault(20),
]

PROJECT = Path(__file__).parents[2]
CALLERS = 6


class Killable:
    """A Keycloak of this test's own: it is not the one that other tests ask."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        """Start it with the conformance realm."""
        self._run("start")
        admin = RealAdmin(self.url, *administrator())
        admin.import_realm(REALM)
        return Server(self.url, admin, self._provider)

    def kill(self) -> None:
        """End it as a power cut does."""
        home = os.environ.get("KC_EXCHANGE_CACHE", Path.home() / ".cache/kc_exchange")
        pid = Path(home) / f"run-{self.port}" / "pid"
        os.killpg(int(pid.read_text()), signal.SIGKILL)

    def stop(self) -> None:
        """Leave nothing behind."""
        self._run("stop")

    def _run(self, command: str) -> None:
        subprocess.run(  # noqa: S603 - this project's own script
            [PROJECT / ".ci/keycloak", command, "--port", str(self.port)],
            check=True,
            stdout=subprocess.DEVNULL,
        )


@pytest.fixture
def killable() -> Iterator[Killable]:
    """A Keycloak that may be killed."""
    with Provider() as provider:
        keycloak = Killable(provider)
        try:
            yield keycloak
        finally:
            keycloak.stop()


class Load(Background):
    """Callers that ask for new tokens, and callers that have one, without a pause."""

    def __init__(self, subject: SubjectToken, holder: str) -> None:
        work = [self._exchange] * CALLERS + [self._call] * CALLERS
        super().__init__(*work)
        self.subject = subject
        self.exchanged = 0
        self.refusals: list[ExchangeError] = []
        self.pages: list[Any] = []
        self._holder = holder

    def _exchange(self) -> None:
        while not self.over.wait(0.02):
            settings = conf.current()
            realm, orders = settings.realm("default"), settings.downstream("orders-api")
            try:
                exchange.exchange(self.subject, orders, realm)
                self.exchanged += 1
            except ExchangeError as error:
                self.refusals.append(error)

    def _call(self) -> None:
        while not self.over.wait(0.02):
            try:
                self.pages.append(call(self._holder))
            except ExchangeError as error:
                self.pages.append(error)


def call(token: str) -> int:
    with using_subject_token(token), downstream_session("orders-api") as session:
        return session.get("v1/orders").status_code


def log_in(server: Server, user: str) -> str:
    form = {"grant_type": "password", "username": user, "password": f"{user}-demo"}
    token: str = server.tokens({**form, "scope": "openid"}, "frontend")["access_token"]
    return token


def wait(condition: Any) -> float:
    """Wait until it holds, and return the seconds that it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() < started + 60, "it did not happen"
        time.sleep(0.01)
    return time.monotonic() - started


def configure(settings: Any, server: Server, downstream: DownstreamRecorder) -> None:
    settings.KC_EXCHANGE = {
        "REALMS": {
            "default": {
                "ISSUER": server.issuer,
                "CLIENT_ID": "django-app",
                "CLIENT_SECRET": "django-app-secret",
                "DEFAULT_SCOPES": ["openid", "profile", "email", "shipping"],
            }
        },
        "DOWNSTREAMS": {
            "orders-api": {"BASE_URL": downstream.url, "SCOPES": ["orders"]}
        },
    }


def test_keycloak__killed_and_started_again(
    killable: Killable, settings: Any, caplog: Any
) -> None:
    """Tokens serve on, errors come at once, one probe a second asks, all is well soon.

    Nobody's call goes out without a token, or with another one than before.
    """
    caplog.set_level(logging.WARNING, "kc_exchange")
    server = killable.start()
    with DownstreamRecorder() as downstream:
        configure(settings, server, downstream)
        alice, bob = log_in(server, "alice"), log_in(server, "bob")
        assert call(alice) == 200
        with Load(SubjectToken(value=bob), alice) as load:
            wait(lambda: load.exchanged >= 10)
            killable.kill()
            wait(lambda: len(load.refusals) > 200)
            away = time.monotonic()
            met = list(load.refusals)

            server = killable.start()
            away = time.monotonic() - away
            load.subject = SubjectToken(value=log_in(server, "bob"))
            before = load.exchanged
            recovered = wait(lambda: load.exchanged > before)
            errors = len(load.refusals)
            with contextlib.suppress(AssertionError):
                wait(lambda: load.exchanged > before + 20)
            assert len(load.refusals) <= errors + CALLERS

        print(  # noqa: T201 - the numbers are what it is about
            f"away {away:.0f} s, {len(load.refusals)} refused, {len(load.pages)} calls "
            f"with a token, recovered within {recovered:.2f} s"
        )
        assert all(isinstance(error, ExchangeUnavailable) for error in met)
        asked = [error for error in met if error.diagnosis != "breaker_open"]
        assert len(asked) <= 5 + 2 * CALLERS + len(met) // 10
        assert load.pages == [200] * len(load.pages)
        assert len(set(downstream.tokens)) == 1
        assert all(downstream.tokens)
        assert caplog.text.count("kc_exchange.breaker_closed") >= 1
        assert recovered < 20
