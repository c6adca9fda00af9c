"""Payloads read back, against the canonical form itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kc_exchange.impersonation.audit.canonical import MOST_INTEGER, canonical
from kc_exchange.impersonation.audit.payloads import is_canonical, parsed

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | TEXTS | st.integers(-MOST_INTEGER, MOST_INTEGER),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)


@given(OBJECTS)
def test_canonical__is_read_back(said: dict[str, Any]) -> None:
    payload = canonical(said)

    assert parsed(payload) == said
    assert is_canonical(said, payload)


@given(said=OBJECTS, sort=st.booleans(), ascii_only=st.booleans())
def test_other_forms__are_canonical_only_where_they_are_the_same(
    said: dict[str, Any], *, sort: bool, ascii_only: bool
) -> None:
    payload = json.dumps(
        said, sort_keys=sort, ensure_ascii=ascii_only, separators=(",", ":")
    ).encode()

    found = parsed(payload)

    assert found is not None
    assert is_canonical(found, payload) is (payload == canonical(said))


def test_names__are_in_the_order_of_utf_16() -> None:
    """RFC 8785 section 3.2.3: a surrogate pair comes before U+FB33."""
    right = '{"\U0001f600":1,"\ufb33":2}'.encode()
    wrong = '{"\ufb33":2,"\U0001f600":1}'.encode()

    for payload, expected in ((right, True), (wrong, False)):
        found = parsed(payload)
        assert found is not None
        assert is_canonical(found, payload) is expected


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"{}x",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5_000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps({"a": 1}).encode("utf-16"),
    ],
)
def test_payload__is_no_object_that_is_recorded(payload: bytes) -> None:
    assert parsed(payload) is None


@pytest.mark.parametrize(
    "payload",
    [b'{"a":1,"a":1}', b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":"\\u0061"}', b'{"a":-0}'],
)
def test_payload__is_not_canonical(payload: bytes) -> None:
    """A name that is there twice is one of these."""
    found = parsed(payload)

    assert found is not None
    assert not is_canonical(found, payload)


def test_payload__has_half_a_surrogate_pair() -> None:
    payload = b'{"a":"\\ud800"}'
    found = parsed(payload)

    assert found is not None
    assert not is_canonical(found, payload)
