"""What a test may order for the coming requests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

import pytest
import requests

if TYPE_CHECKING:
    from kc_exchange.testing import EmbeddedKeycloak
    from tests.testing.conftest import Asker


def test_fail_next__answers_so_often_and_no_longer(
    ask: Asker, keycloak: EmbeddedKeycloak
) -> None:
    """Status, Retry-After and body are as ordered; then all is well again."""
    keycloak.fail_next(503, times=2, retry_after=7, body={"error": "busy"})
    for _ in range(2):
        reply = ask.exchange()
        assert reply.status_code == 503
        assert reply.headers["Retry-After"] == "7"
        assert reply.json() == {"error": "busy"}
    assert ask.exchange().status_code == 200


def test_fail_next__leaves_other_endpoints_alone(
    ask: Asker, keycloak: EmbeddedKeycloak
) -> None:
    """The fault waits for its own endpoint."""
    keycloak.fail_next(500, endpoint="certs", body="down")
    assert ask.exchange().status_code == 200
    reply = ask.http.get(ask.url("certs"), timeout=10)
    assert (reply.status_code, reply.text) == (500, "down")


def test_slow_next__waits(ask: Asker, keycloak: EmbeddedKeycloak) -> None:
    """The client's timeout strikes."""
    keycloak.slow_next(5)
    with pytest.raises(requests.ReadTimeout):
        ask.http.post(ask.url("token"), timeout=0.1)


@pytest.mark.parametrize("part", ["header", "body"])
def test_drip_next__sends_byte_by_byte(
    ask: Asker, keycloak: EmbeddedKeycloak, part: Literal["header", "body"]
) -> None:
    """The whole answer arrives, but late."""
    keycloak.drip_next(0.002, part=part, endpoint="realm")
    begun = time.monotonic()
    reply = ask.http.get(keycloak.issuer("test"), timeout=10)
    assert reply.json()["realm"] == "test"
    assert time.monotonic() - begun > 0.5


def test_reset_next__cuts_the_connection(
    ask: Asker, keycloak: EmbeddedKeycloak
) -> None:
    """The client sees a reset, and the next request is served."""
    keycloak.reset_next()
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        ask.http.post(ask.url("token"), timeout=10)
    assert ask.exchange().status_code == 200


def test_stop__does_not_wait_for_faults() -> None:
    """A server that drips or sleeps stops at once."""
    from kc_exchange.testing import EmbeddedKeycloak  # noqa: PLC0415
    from tests.testing.conftest import REALM  # noqa: PLC0415

    with EmbeddedKeycloak(REALM) as keycloak:
        keycloak.slow_next(60, endpoint=None)
        with pytest.raises(requests.ReadTimeout):
            requests.get(keycloak.issuer("test"), timeout=0.1)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
