"""Texts that break inserts, logs and pages: recorded, and nothing of them is lost."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit import committing
from kc_exchange.impersonation.audit.canonical import storable
from kc_exchange.impersonation.audit.event import columns, payload
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent
from kc_exchange.models.uuid7 import uuid7
from tests.impersonation.audit.engines import created, emptied
from tests.impersonation.audit.history import History
from tests.impersonation.audit.tools import Router, connected

if TYPE_CHECKING:
    from collections.abc import Iterator

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = {
    "nul": "a\x00b",
    "half a pair": "a\ud83d",
    "the other half": "\ude00b",
    "a pair the wrong way round": "\ude00\ud83d",
    "right to left": "a\u202eb\u2066c",
    "zero width": "a\u200bb\ufeff",
    "ansi": "\x1b[2J\x1b]0;title\x07",
    "crlf": 'a\r\n{"type":"grant.ended"}\u2028\u2029\x85',
    "html": '"><img src=x onerror=alert(1)>{{7*7}}<script>',
    "arguments": "%s %n {0} ${jndi:ldap://x} %(a)s",
    "formula": '=HYPERLINK("http://x","y")',
    "quotes": "' OR 1=1; -- \\",
    "beyond the plane": "\U0001f600 \U0002070e",
    "no character": "\uffff\ufffe\U0010ffff",
    "combining": "Z" + "\u0351\u036b" * 200,
    "blanks": " \u00a0\u3000 ",
    "300 letters": "\u0142" * 300,
    "10 MB": "\ud800" + "x" * 10_000_000,
}


def event(text: str) -> audit.Event:
    """Return an event that has `text` wherever a text may be."""
    person = Person(id=text, name=text, issuer=text, subject=text)
    return audit.Event(
        type="token.denied",
        operator=person,
        target=person,
        code=text,
        details={"reason": text, "ua": text, "more": [text, {"in": text}]},
    )


def kept() -> tuple[dict[str, Any], AuditEvent]:
    """Return the payload of the newest event, and its row."""
    row = AuditEvent.objects.latest("seq")
    return json.loads(bytes(row.payload)), row


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text__is_recorded(engine: History, text: str) -> None:
    """D6 to D10, E1 to E15: the payload has all of it, the columns a printable part."""
    audit.record(event(text))
    said, row = kept()
    stored = storable(text)
    person = dict.fromkeys(("id", "name", "iss", "sub"), stored)
    assert said["operator"] == said["target"] == person
    assert said["code"] == said["details"]["reason"] == stored
    assert said["details"]["more"] == [stored, {"in": stored}]
    for name in ("operator_id", "operator_name", "target_id", "target_name", "code"):
        column = getattr(row, name)
        assert 0 < len(column) <= (60 if name == "code" else 255)
        assert not set(column) & set("\x00\x1b\r\n\x85\u2028\u2029\u202e\u2066\ud800")
    assert engine.verify().is_sound


def test_hostile_text__of_10_mb(history: History) -> None:
    """A row stays small, and says how long the text was, and its hash."""
    text = HOSTILE["10 MB"]
    audit.record(event(text))
    said, row = kept()
    assert len(bytes(row.payload)) < 100_000
    assert said["details"]["reason"]["length"] == 10_000_001
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    assert said["details"]["reason"]["sha256"] == digest
    assert row.operator_name.startswith("\\ud800xxx")


@given(st.text(st.characters(codec=None, categories=None)))
def test_columns__take_any_text(text: str) -> None:
    """They are short and printable; ASCII alone, where that is asked for."""
    said = payload(event(text), seq=1, event_id=uuid7(), at=MOMENT)
    for ascii_only in (False, True):
        found = columns(said, ascii_only=ascii_only)
        for name in ("operator_name", "target_id", "code"):
            found[name].encode("ascii" if ascii_only else "utf-8")
            assert "\x00" not in found[name]
            assert len(found[name]) <= (60 if name == "code" else 255)


def test_columns__leave_alone_what_is_harmless() -> None:
    text = "Zo\u00eb \u0141ukasz \u5c71\u7530\u3000 \u06cc\u200c\u0647 \\ \U0001f600"
    said = payload(event(text), seq=1, event_id=uuid7(), at=MOMENT)
    assert columns(said)["operator_name"] == text
    assert columns(said, ascii_only=True)["operator_name"].startswith(
        "Zo\\u00eb \\u0141ukasz \\u5c71"
    )
    assert columns(said, ascii_only=True)["operator_name"].endswith("\\U0001f600")


LATIN1 = "ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
NARROW = {
    "latin1": ("postgresql", LATIN1),
    "latin1 of MariaDB": ("mariadb", "CHARACTER SET latin1"),
    "utf8mb3": ("mariadb", "CHARACTER SET utf8mb3"),
}


@pytest.fixture(params=[pytest.param(v, id=k) for k, v in NARROW.items()])
def narrow(
    request: pytest.FixtureRequest, settings: Any, django_db_blocker: Any
) -> Iterator[History]:
    """Return a record in a database that does not take every character."""
    kind, options = request.param
    with ExitStack() as running:
        running.enter_context(django_db_blocker.unblock())
        site = running.enter_context(created(kind, options=options))
        place = running.enter_context(emptied(site))
        running.enter_context(connected("record", **place))
        settings.DATABASE_ROUTERS = [Router("record")]
        running.callback(committing._ascii.clear)
        yield History("record")


@pytest.mark.database
def test_hostile_text__in_a_database_without_unicode(narrow: History) -> None:
    """Its columns get escapes, after one failure; the payload is the same as ever."""
    name = "Zo\u00eb \u0141ukasz \U0001f600"
    audit.record(event("plain"))
    audit.record(event(name))
    said, row = kept()
    assert said["operator"]["name"] == name
    assert row.operator_name == "Zo\\u00eb \\u0141ukasz \\U0001f600"
    with CaptureQueriesContext(connections["record"]) as queries:
        audit.record(event(name))
    assert sum("INSERT" in query["sql"] for query in queries) == 1
    assert narrow.size == 3
    assert narrow.verify().is_sound
