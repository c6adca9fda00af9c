"""What lies in a session opens for that session alone."""

from __future__ import annotations

from typing import Any

import pytest

from kc_exchange.capture.seal import seal, unseal
from tests.capture.browser import tokens

KEY = "abcdefghijklmnopqrstuvwxyz012345"


def test_seal__opens_for_its_session() -> None:
    made = seal(tokens(realm="shop"), 7, KEY)
    opened = unseal(made.sealed, KEY)
    assert opened == made
    assert opened is not None
    assert opened.tokens.realm == "shop"


def test_seal__is_never_the_same_twice() -> None:
    assert seal(tokens(), 7, KEY).sealed != seal(tokens(), 7, KEY).sealed


def test_seal__does_not_open_for_another_session() -> None:
    assert unseal(seal(tokens(), 7, KEY).sealed, KEY[:-1] + "6") is None


def test_seal__does_not_open_under_another_secret_key(settings: Any) -> None:
    sealed = seal(tokens(), 7, KEY).sealed
    settings.SECRET_KEY = "another-secret-key-of-this-project"
    assert unseal(sealed, KEY) is None


def test_seal__opens_with_a_fallback(settings: Any) -> None:
    sealed = seal(tokens(), 7, KEY).sealed
    settings.SECRET_KEY_FALLBACKS = ["older-still", settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-of-this-project"
    assert unseal(sealed, KEY) is not None


@pytest.mark.parametrize("place", [0, 11, 12, 40, -1])
def test_tampered_seal__does_not_open(place: int) -> None:
    text = seal(tokens(), 7, KEY).sealed
    other = "A" if text[place] != "A" else "B"
    place %= len(text)
    assert unseal(text[:place] + other + text[place + 1 :], KEY) is None


@pytest.mark.parametrize(
    "text", [None, 7, b"bytes", [], {}, "", "A", "A" * 16, "é" * 40, "=", "A" * 500]
)
def test_anything_else__does_not_open(text: object) -> None:
    assert unseal(text, KEY) is None


def test_seal__shows_no_token() -> None:
    made = seal(tokens(), 7, KEY)
    shown = f"{made!r}{made!s}"
    assert "access." not in shown
    assert made.sealed not in shown
