"""The canonical bytes, against another implementation of RFC 8785 and its examples."""

from __future__ import annotations

import json
from enum import IntEnum
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from kc_exchange.impersonation.audit.canonical import (
    LONGEST_TEXT,
    MOST_INTEGER,
    NotCanonical,
    canonical,
    storable,
)
from kc_exchange.models import AuditEvent
from kc_exchange.strict_json import loads_object

WHOLE = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(-MOST_INTEGER, MOST_INTEGER)
PLAIN = st.none() | st.booleans() | INTEGERS | WHOLE
VALUES = st.recursive(
    PLAIN, lambda v: st.lists(v, max_size=5) | st.dictionaries(WHOLE, v, max_size=5)
)
ANY_TEXT = st.text(st.characters(codec=None, categories=None))
LONG = "é" * (LONGEST_TEXT + 1)


@given(VALUES)
def test_canonical__as_another_implementation(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(
    st.dictionaries(st.text("\ue000\uffff\U0001f600\U00010000aé", max_size=3), PLAIN)
)
def test_canonical__order_of_names(value: dict[str, Any]) -> None:
    """Names are sorted by UTF-16 code units: U+1F600 comes before U+E000."""
    assert canonical(value) == rfc8785.dumps(value)


def test_canonical__example_of_the_rfc() -> None:
    """Section 3.2.3: the order of names, and section 3.2.2.2: what is escaped."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\u00f6"]
    in_order = ["\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    written = canonical(dict.fromkeys(names))
    assert list(json.loads(written)) == in_order
    text = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\u0022/\x7f\u2028"
    assert canonical(text) == (
        b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f\xe2\x80\xa8"'
    )


def deep(levels: int) -> Any:
    """Return lists in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        1.0, float("nan"), MOST_INTEGER + 1, -MOST_INTEGER - 1, b"bytes", {1, 2},
        {1: "a"}, {None: "a"}, object(), gettext_lazy("lazy"), deep(33), deep(50_000),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
@pytest.mark.parametrize("function", [canonical, storable])
def test_canonical__refuses(function: Any, value: Any) -> None:
    """What would have to be rounded, or is no JSON, is refused, at any depth."""
    for given_value in (value, [value], {"a": value}):
        with pytest.raises(NotCanonical):
            canonical(function(given_value))


def test_canonical__refuses_itself_within_itself() -> None:
    value: dict[str, Any] = {}
    value["again"] = value
    with pytest.raises(NotCanonical):
        storable(value)


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, ["a\udc00b"]])
def test_canonical__refuses_half_a_pair(value: Any) -> None:
    with pytest.raises(NotCanonical, match="surrogate"):
        canonical(value)


def test_canonical__allows_as_deep_as_32() -> None:
    assert canonical(storable(deep(32))) == rfc8785.dumps(deep(32))


@given(ANY_TEXT)
def test_storable__loses_nothing(text: str) -> None:
    """Whatever a text is made of, its UTF-16 can be had from what is stored."""
    stored = loads_object(canonical({"text": storable(text)}))["text"]
    if isinstance(stored, dict):
        assert list(stored) == ["utf-16-be"]
        stored = bytes.fromhex(stored["utf-16-be"])
    else:
        stored = stored.encode("utf-16-be")
    assert stored == text.encode("utf-16-be", "surrogatepass")


@given(VALUES)
def test_storable__leaves_alone_what_can_be_stored(value: Any) -> None:
    assert storable(value) == value


def test_storable__cuts_what_is_long() -> None:
    """Length and hash of the whole are kept, and its beginning."""
    assert storable(LONG[1:]) == LONG[1:]
    assert storable({"a": [LONG]}) == {
        "a": [
            {
                "cut": "é" * 1024,
                "length": LONGEST_TEXT + 1,
                "sha256": sha256(LONG.encode()).hexdigest(),
            }
        ]
    }


def test_storable__cuts_what_is_long_and_no_unicode() -> None:
    stored: Any = storable("\ud800" + LONG)
    assert stored["cut"] == {"utf-16-be": "d800" + "00e9" * 1023}
    assert canonical(stored)


@pytest.mark.parametrize(
    "value", [{"utf-16-be": "00"}, {"sha256": "", "cut": "", "length": 1}]
)
def test_storable__refuses_what_looks_changed(value: dict[str, Any]) -> None:
    """Nobody can pass an object off as a text that was changed."""
    with pytest.raises(NotCanonical):
        storable({"a": [value]})


def test_storable__takes_the_plain_value_of_a_subclass() -> None:
    """A choice of a model or a safe string is written as the text it is."""

    class Number(IntEnum):
        ONE = 1

    given_values = [
        AuditEvent.Type.GRANT_ENDED,
        mark_safe("<b>"),
        Number.ONE,
        (1, True),
    ]
    stored = storable(given_values)
    assert stored == ["grant.ended", "<b>", 1, [1, True]]
    assert canonical(stored) == b'["grant.ended","<b>",1,[1,true]]'
