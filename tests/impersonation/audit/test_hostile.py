"""Hostile text in the record: kept, and inert wherever it is shown or sent.

The numbers are those of the catalogue of bad inputs (E1 to E15). How the admin shows
E7 is tested with the admin; E10 and E12 are about what is let into the record.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.impersonation.audit.canonical import NotCanonical
from kc_exchange.impersonation.audit.export import export
from kc_exchange.impersonation.audit.reading import inert, plain, read_record
from tests.impersonation.audit.hostile import SIZE, TEXTS, attempt

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History

each = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def lines(form: Any, **options: Any) -> list[str]:
    return list(export(form, **options))


def table() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(lines("csv")), newline="")))


@each
def test_record__keeps_the_text(history: History, text: str) -> None:
    """E1-E7, E11, E13, E14: nothing is lost, and the record is sound."""
    record = read_record(attempt(history, text))

    assert history.verify().is_sound
    kept = text.encode("utf-8", "backslashreplace").decode()
    assert record.operator["name"] == kept
    assert record.details["reason"] == kept
    assert json.loads(record.details["extra"]) is not None


@each
@pytest.mark.parametrize("form", ["ecs", "ocsf"])
def test_ndjson__has_one_line_for_an_event(
    history: History, text: str, form: str
) -> None:
    """E1, E5, E6: no text starts a line, or acts on a terminal."""
    attempt(history, text)
    attempt(history, "fine")

    found = lines(form)

    assert len(found) == 2
    for line in found:
        assert line.endswith("\n")
        assert all(" " <= char <= "~" for char in line[:-1])
        assert len(line.splitlines()) == 1


@each
def test_ecs__says_the_text(history: History, text: str) -> None:
    """E1-E7, E11, E13, E14: a reader of JSON gets back what was written."""
    attempt(history, text)

    document = json.loads(lines("ecs")[0])

    kept = text.encode("utf-8", "backslashreplace").decode()
    assert document["user"]["name"] == kept
    assert document["user_agent"]["original"] == kept
    assert document["url"]["path"] == kept
    assert document["kc_exchange"]["details"]["reason"] == kept
    assert "source" not in document


@each
def test_ocsf__says_the_text(history: History, text: str) -> None:
    attempt(history, text)

    event = json.loads(lines("ocsf")[0])

    kept = text.encode("utf-8", "backslashreplace").decode()
    assert event["actor"]["user"]["name"] == kept
    assert event["status_detail"] == kept
    assert "src_endpoint" not in event


@each
def test_csv__has_no_formula_and_one_line_for_an_event(
    history: History, text: str
) -> None:
    """E4, and E1 and E6 in a spreadsheet."""
    attempt(history, text)
    attempt(history, "fine")

    written = "".join(lines("csv"))
    rows = table()

    assert len(rows) == 2
    assert len(written.split("\r\n")) == 4
    assert inert(written.replace("\r\n", "")) == written.replace("\r\n", "")
    for cell in rows[0].values():
        assert cell == "" or cell.lstrip()[:1] not in "=+-@\t\r\n\uff1d"
    assert rows[0]["reason"].lstrip("'") == inert(plain_text(text))


def plain_text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize("text", [t for n, t in TEXTS.items() if n.startswith("E4")])
def test_csv__marks_what_begins_like_a_formula(history: History, text: str) -> None:
    """E4: a spreadsheet takes a cell with an apostrophe for text."""
    attempt(history, text)

    (row,) = table()

    begins = text.lstrip()[:1] in "=+-@\uff1d"
    assert row["operator_name"].startswith("'") is begins
    assert row["path"].startswith("'") is begins


@each
def test_finding__shows_nothing_of_the_text(history: History, text: str) -> None:
    """E6: what `verify` prints are its own words, and numbers."""
    attempt(history, text)
    history.owner.drop_triggers()
    history.owner.update(1, operator_name="eve", code=plain_text(text)[:40])

    report = history.verify()

    assert not report.is_sound
    assert all(" " <= c <= "~" for c in json.dumps(report.as_dict()))
    assert text[:4] not in report.verdict or text.startswith("a")


def test_details__are_nested_too_deeply(history: History) -> None:
    """E8: refused before it is recorded; an export could not be read by everybody."""
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]

    with pytest.raises(NotCanonical):
        attempt(history, deep)

    assert history.size == 0


def test_details__are_large(history: History) -> None:
    """E8: a long text is cut, with its length and hash."""
    attempt(history, "x" * SIZE)

    (line,) = lines("ecs")
    reason = json.loads(line)["kc_exchange"]["details"]["reason"]

    assert len(line) < 20_000
    assert reason.startswith("x" * 1_024 + "… [100000 in all, SHA-256 ")


def test_path__is_huge(history: History) -> None:
    """E15: cut at the end of the record, in each export."""
    attempt(history, "/" + "a" * SIZE)

    document = json.loads(lines("ecs")[0])

    assert len(document["url"]["path"]) < 1_200
    assert len(table()[0]["path"]) < 1_200


def test_payload__has_a_name_twice(history: History) -> None:
    """E9: two readers would not agree, so neither value is exported."""
    attempt(history, "fine")
    history.owner.drop_triggers()
    payload = bytes(history.owner.event(1).payload)
    history.owner.update(1, payload=payload.replace(b'"v":1', b'"code":"x","v":1'))

    document = json.loads(lines("ecs")[0])

    assert document["kc_exchange"]["details"] == {"unreadable": True}
    assert document["kc_exchange"]["code"] == "self"
    assert not history.verify().is_sound


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[]", b"null", b"[" * 100_000, b'{"operator": [[1.5]]}']
)
@pytest.mark.parametrize("form", ["ecs", "ocsf", "csv"])
def test_export__of_a_payload_that_is_none(
    history: History, payload: bytes, form: str
) -> None:
    """The export goes on, with what the columns say; the verdict is `verify`'s."""
    attempt(history, "fine")
    attempt(history, "fine")
    history.owner.drop_triggers()
    history.owner.update(1, payload=payload)

    assert len(lines(form)) == (3 if form == "csv" else 2)


def test_plain__of_stored_texts() -> None:
    r"""E14: half a surrogate pair is shown as its escape, `\ud800`."""
    assert plain({"utf-16-be": "0061d8000062"}) == "a\\ud800b"
    assert plain({"utf-16-be": "not hexadecimal"}) == "not hexadecimal"
    assert plain({"a": {"b": [1]}}) == '{"a": {"b": [1]}}'
    assert plain(None) == ""
