"""Reasons, tickets, minutes: what loginas tests of them, and hostile ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.impersonation.desk import REASON, Grant, Type

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
BLANKS = ["", " ", "\t\n", "\u00a0" * 20, "\u200b" * 20, "\u2800" * 20, "\u3164" * 20]
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


def refused(desk: Desk, **stated: Any) -> dict[str, list[str]]:
    """Return what is wrong; nothing else may have come of it."""
    response = desk.attempt(**stated)
    assert response.status_code == 400, response.content
    assert not Grant.objects.exists()
    assert desk.who() == "sam"
    wrong: dict[str, list[str]] = response.json()
    assert all(text for texts in wrong.values() for text in texts)
    return wrong


@pytest.mark.parametrize("reason", [*BLANKS, "x", "too short", " too short "])
def test_loginas__reason_missing(desk: Desk, reason: str):
    assert list(refused(desk, reason=reason)) == ["reason"]


@pytest.mark.parametrize("length", [10, 1_000])
def test_loginas__reason_of_a_length(desk: Desk, length: int):
    """Ten to a thousand characters after trimming, counted as characters."""
    assert desk.start(reason=f"  {'é' * length}\u200b\n").reason == "é" * length


@pytest.mark.parametrize("length", [9, 1_001, 10_000_000])
def test_loginas__reason_of_another_length(desk: Desk, length: int):
    desk.settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    assert list(refused(desk, reason="x" * length)) == ["reason"]


@pytest.mark.parametrize(
    "reason",
    [
        "Ticket 4711\x00 her invoice",
        "Ticket 4711 \x1b[2J her invoice",
        "Ticket 4711\x07 her invoice",
        "Ticket 4711 \x85 her invoice",
        "Ticket 4711 \ud800 her invoice",
        f"Ticket 4711: {TOKEN}",
    ],
    ids=["NUL", "ANSI", "bell", "C1", "half a character", "token"],
)
def test_hostile_reason__refused(desk: Desk, reason: str):
    """What cannot be shown, and what nobody should keep."""
    assert list(refused(desk, reason=reason)) == ["reason"]
    assert TOKEN not in desk.told()


@pytest.mark.parametrize(
    "reason",
    [
        "Ticket 4711\r\nX-Forged: header",
        'Ticket 4711\n{"type":"grant.ended"}',
        "<script>alert(4711)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }} {% now %} ${jndi:ldap://x}",
        "=HYPERLINK(4711) +1 -1 @x",
        "Ticket \u202e1174\u202c her invoice",
        "Ticket \u2066left\u2069 her invoice",
        "Ticket 4711\u2028her invoice\u2029",
        "Zalgo " + "a\u0301\u0302\u0303" * 100,
        "%s %n {0} %(operator)s invoice",
        "Ticket \U0001f469\u200d\U0001f4bb her invoice",
        "Ticket 4711 \uffff her invoice",
    ],
)
def test_hostile_reason__kept_as_it_is(desk: Desk, reason: str):
    """What can be shown if it is escaped is stored to the letter, and one event."""
    grant = desk.start(reason=reason)
    assert grant.reason == reason.strip("\u2029")
    requested, granted = desk.events(grant=grant)
    for event in (requested, granted):
        said = json.loads(bytes(event.payload))
        assert said["details"]["reason"] == grant.reason
    assert desk.who() == "alice"


@pytest.mark.parametrize(
    ("ticket", "right"),
    [
        ("", True),
        ("SHOP-12", True),
        (" SHOP-12\u200b ", True),
        ("SHOP-", False),
        ("SHOP-12 and more", False),
        ("SHOP-12\n", True),
        ("SHOP-12\nSHOP-13", False),
        ("x" * 101, False),
        ("SHOP-\ud800", False),
    ],
)
def test_okta__ticket(desk: Desk, ticket: str, right: bool):
    """As a whole it is what the pattern says, or it is not there."""
    desk.configure(TICKET_PATTERN=r"SHOP-[0-9]+")
    if right:
        assert desk.start(ticket=ticket).ticket in {"", "SHOP-12"}
    else:
        assert list(refused(desk, ticket=ticket)) == ["ticket"]


def test_okta__category(desk: Desk):
    """One of those in the settings, and none where there are none."""
    assert list(refused(desk, category="invoice")) == ["category"]
    desk.configure(CATEGORIES=["invoice", "delivery"])
    assert list(refused(desk)) == ["category"]
    assert list(refused(desk, category="Invoice")) == ["category"]
    assert desk.start(category="invoice").category == "invoice"


@pytest.mark.parametrize("minutes", [0, -1, 31, 10**30, 1.5, "5", True, [5]])
def test_impersonate__duration_out_of_bounds(desk: Desk, minutes: object):
    desk.configure(MAX_MINUTES=30)
    assert list(refused(desk, minutes=minutes)) == ["minutes"]


@pytest.mark.parametrize(("minutes", "lasts"), [(None, 12), (1, 1), (30, 30)])
def test_impersonate__duration(desk: Desk, minutes: int | None, lasts: int):
    """It counts from the start, and is the default's where nothing is said."""
    desk.configure(MAX_MINUTES=30, DEFAULT_MINUTES=12)
    grant = desk.start(minutes=minutes)
    assert grant.started_at
    assert (grant.expires_at - grant.started_at).total_seconds() == lasts * 60


@pytest.mark.parametrize("mode", ["", "write", "READ-ONLY", "read-write "])
def test_posthog__mode_unknown(desk: Desk, mode: str):
    assert list(refused(desk, mode=mode)) == ["mode"]


def test_loginas__everything_wrong_at_once(desk: Desk):
    """Each mistake is named, by its field; no attempt is recorded for a form error."""
    wrong = refused(
        desk, reason="", mode="x", minutes=0, category="x", ticket="x" * 101
    )
    assert sorted(wrong) == ["category", "minutes", "mode", "reason", "ticket"]
    assert desk.events(Type.START_DENIED) == []


def test_posthog__reason_is_of_this_start_alone(desk: Desk):
    """Each start states its own; the one before is not taken for it."""
    first = desk.start(reason=f"{REASON}, the first time")
    desk.stop()
    assert desk.attempt(reason="").status_code == 400
    assert list(Grant.objects.all()) == [first]
