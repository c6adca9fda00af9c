"""Clocks that differ, and clocks that jump."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.exceptions import ExchangeUnavailable
from tests.servers import http, sends, silent
from tests.servers.acts import granted

if TYPE_CHECKING:
    from tests.servers import Act
    from tests.servers.site import Site

pytestmark = pytest.mark.fault(16)


def dated(offset: float) -> Act:
    """Grant, with a `Date` that is so many seconds from now."""

    def act(wire: Any) -> bool:
        date = f"Date: {formatdate(time.time() + offset, usegmt=True)}"
        body = json.dumps(granted(wire, {}, {}))
        return sends(http(body, 200, date))(wire)

    return act


@pytest.mark.parametrize(
    ("offset", "alarms"), [(0, 0), (-25, 0), (25, 0), (-40, 1), (40, 1), (600, 1)]
)
def test_date__that_is_far_off(
    site: Site, caplog: Any, offset: float, alarms: int
) -> None:
    """More than half a minute is an error in the log, once an hour; calls go on."""
    site.keycloak.acts = [dated(offset)]

    for number in range(3):
        assert site.call(site.subject(jti=str(number))).status_code == 200

    lines = [r for r in caplog.records if "clock_differs" in r.getMessage()]
    assert [line.levelname for line in lines] == ["ERROR"] * alarms
    assert len(site.keycloak.asked) == 3


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Foo 9999 99:99:99 GMT"])
def test_date__that_is_none(site: Site, caplog: Any, date: str) -> None:
    def act(wire: Any) -> bool:
        body = json.dumps(granted(wire, {}, {}))
        return sends(http(body, 200, f"Date: {date}"))(wire)

    site.keycloak.acts = [act]

    assert site.call().status_code == 200
    assert "clock_differs" not in caplog.text


@pytest.mark.parametrize("jump", [600.0, -600.0, 10**8])
def test_jump__moves_no_deadline(
    site: Site, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """A call that is under way ends when it should, wherever the clock goes."""
    right = time.time
    site.deadline = 0.3
    site.keycloak.acts = [silent]
    subject = site.subject(exp=int(time.time()) + 10**9)
    monkeypatch.setattr(time, "time", lambda: right() + jump)

    site.refuses(ExchangeUnavailable, subject)
