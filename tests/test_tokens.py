"""Tokens as values: what they show, and what they refuse."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import Any

import pytest

from kc_exchange.strict_json import loads_object
from kc_exchange.tokens import (
    AccessToken,
    Secret,
    SubjectToken,
    TokenSet,
    expiry,
    unverified_claims,
)
from tests.servers import jwt_of

TOKEN = "the-secret-token"
VALUES: list[Any] = [
    AccessToken(value=TOKEN, expires_at=1.0),
    SubjectToken(value=TOKEN),
    TokenSet(access_token=TOKEN, refresh_token=TOKEN, id_token=TOKEN),
]


@pytest.mark.parametrize("value", VALUES)
def test_token__shows_no_secret(value: Any) -> None:
    """Neither repr nor str nor a log line of it holds the token."""
    record = logging.LogRecord("x", 10, "x", 1, "%s %r", (value, value), None)

    assert TOKEN not in repr(value) + str(value) + record.getMessage()


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_token__is_not_pickled(value: Any, copied: Any) -> None:
    """Pitfall 23: a pickle would carry the token in the clear into a cache."""
    with pytest.raises(TypeError, match="is not pickled"):
        copied(value)


@pytest.mark.parametrize("value", VALUES)
def test_token__is_frozen(value: Any) -> None:
    """A token is not changed, it is replaced."""
    with pytest.raises(AttributeError):
        value.expires_at = 5.0


@pytest.mark.parametrize(
    "text",
    [
        *(value.value for value in VALUES[:2]),
        *(getattr(VALUES[2], f"{kind}_token") for kind in ("access", "refresh", "id")),
    ],
)
def test_secret__hides_in_local_variables(text: str) -> None:
    """The text itself hides, too: a debug page shows the repr of `token.value`."""
    assert repr(text) == "'***'"
    assert text == TOKEN
    assert f"{Secret(TOKEN)}" == TOKEN


def test_authorization__is_the_header() -> None:
    """The header is made once, and hides."""
    token = AccessToken(value=TOKEN, expires_at=0.0)

    assert token.authorization == "Bearer the-secret-token"
    assert repr(token.authorization) == "'***'"


@pytest.mark.parametrize(
    "token",
    ["", "a.b", "a.b.c.d", "a.!!!.c", "a.e30x.c", "x" * 20_001, "a.bnVsbA.c"],
)
def test_unverified_claims__of_what_is_no_jwt(token: str) -> None:
    """A ValueError that does not quote the token."""
    with pytest.raises(ValueError, match=r"\w") as caught:
        unverified_claims(token)

    assert len(str(caught.value)) < 80
    assert expiry(token) == 0.0


@pytest.mark.parametrize(
    ("exp", "seconds"),
    [
        (1_700_000_000, 1_700_000_000.0),
        (None, 0.0),
        ("1700000000", 0.0),
        (1.5, 0.0),
        (True, 0.0),
        (-5, 0.0),
        (0, 0.0),
        (2**63, 0.0),
    ],
)
def test_expiry__is_known_or_zero(exp: object, seconds: float) -> None:
    """Only a plausible integer is a time."""
    assert expiry(jwt_of(exp=exp)) == seconds


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1} x',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'{"a": "\xff"}',
        b'{"a":' * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\x01"}',
        b'{"a": "\\ud800"}',
        b'{"a": [["\\uDFFF\\ud83d"]]}',
        b'{"\\uDC00": 1}',
        '{"a": "\ud800"}',
    ],
)
def test_strict_json__refuses(raw: bytes | str) -> None:
    """Whatever two readers could read differently is no JSON here."""
    with pytest.raises(ValueError, match=r"\w") as caught:
        loads_object(raw)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_strict_json__reads_one_object() -> None:
    """An object and the white space around it."""
    assert loads_object(b' {"a": [1, {"b": null}]}\n') == {"a": [1, {"b": None}]}


def test_strict_json__reads_whole_pairs() -> None:
    """Also in two escapes, and what only looks like half of one."""
    assert loads_object(rb'{"a": "\ud83d\ude00 \\ud800"}') == {"a": "😀 \\ud800"}
