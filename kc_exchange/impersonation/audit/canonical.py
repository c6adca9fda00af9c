"""One way to write down a JSON value, so that its bytes can be hashed (RFC 8785).

Texts, whole numbers, truth values, None, lists and dictionaries: nothing else is ever
recorded, so the rules for floating point are not needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256

Json = str | int | bool | list["Json"] | Mapping[str, "Json"] | None

MOST_INTEGER = 2**53 - 1
"""RFC 8785 section 3.2.2.3: beyond it, readers round."""
LONGEST_TEXT = 4_096
"""Characters of a text that are kept as they are."""
_KEPT = 1_024
_UTF16 = "utf-16-be"


def canonical(value: Json) -> bytes:
    """Return the canonical UTF-8 bytes of `value`.

    Raises:
        TypeError: it holds something that is not recorded, such as a float.
        ValueError: an integer is too large, or half a character is in a text.
    """
    _check(value)
    text = json.dumps(
        _ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def storable(value: Json) -> Json:
    """Return `value` with each text in a form that can be written down.

    A text with half a surrogate pair becomes `{"utf-16-be": hexadecimal}`, and nothing
    of it is lost; a long one is cut, and its length and hash are kept.
    """
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, Mapping):
        return {key: storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    return value


def _text(text: str) -> Json:
    if len(text) > LONGEST_TEXT:
        whole = text.encode("utf-8", "surrogatepass")
        return {
            "cut": _text(text[:_KEPT]),
            "length": len(text),
            "sha256": sha256(whole).hexdigest(),
        }
    try:
        text.encode()
    except UnicodeEncodeError:
        return {_UTF16: text.encode(_UTF16, "surrogatepass").hex()}
    return text


def _check(value: Json) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if abs(value) > MOST_INTEGER:
            raise ValueError(f"{value} is too large for JSON")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a name is no text: {key!r}")
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)
    else:
        raise TypeError(f"{type(value).__name__} is not recorded")


def _ordered(value: Json) -> Json:
    """Sort names by their UTF-16 code units (RFC 8785 section 3.2.3)."""
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: name.encode(_UTF16))
        return {name: _ordered(value[name]) for name in names}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value
