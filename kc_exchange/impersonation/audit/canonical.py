"""The bytes that are hashed: JSON in its one canonical form (RFC 8785).

Texts, whole numbers up to 2^53 - 1, true, false, null, lists and objects: nothing else
is ever recorded, so the rules for floating point are not needed.
https://www.rfc-editor.org/rfc/rfc8785
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, TypeAlias

Json: TypeAlias = str | int | bool | list["Json"] | Mapping[str, "Json"] | None

MOST_INTEGER = 2**53 - 1
"""RFC 8785 section 3.2.2.3: beyond it, readers round."""
LONGEST_TEXT = 4_096
"""Characters of a text that are kept as they are."""
_KEPT = 1_024
_DEEPEST = 32
_UTF16 = "utf-16-be"
_CUT = ("cut", "length", "sha256")


class NotCanonical(ValueError):
    """A value has no canonical form here."""


def canonical(value: Json) -> bytes:
    """Return the canonical UTF-8 bytes of `value`.

    Raises:
        NotCanonical: it holds a float, an integer beyond 2^53 - 1, half a surrogate
            pair or a type that JSON has not, or it is nested more than 32 deep.
    """
    ordered = _ordered(value, _DEEPEST)
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("half a surrogate pair is in a text") from None


def storable(value: Any) -> Json:
    """Return `value` with each text in a form that can be written down.

    A text with half a surrogate pair becomes `{"utf-16-be": HEX}`, and nothing of it
    is lost; one of more than 4,096 characters becomes `{"cut": its first 1,024,
    "length": how many it has, "sha256": HEX of it in UTF-8}`.

    Raises:
        NotCanonical: it holds a type that JSON has not, an object that could be taken
            for one of those two, or it is nested more than 32 deep.
    """
    return _storable(value, _DEEPEST)


def _storable(value: Any, levels: int) -> Json:
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, Mapping):
        names = sorted(_names(value))
        if names == [_UTF16] or tuple(names) == _CUT:
            raise NotCanonical("an object has the names of a text that was changed")
        return {name: _storable(value[name], _less(levels)) for name in names}
    if isinstance(value, (list, tuple)):
        return [_storable(item, _less(levels)) for item in value]
    return _plain(value)


def _text(text: str) -> Json:
    if len(text) > LONGEST_TEXT:
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return {"cut": _text(text[:_KEPT]), "length": len(text), "sha256": digest}
    try:
        text.encode()
    except UnicodeEncodeError:
        return {_UTF16: text.encode(_UTF16, "surrogatepass").hex()}
    return text


def _ordered(value: Any, levels: int) -> Json:
    """Sort names by their UTF-16 code units (section 3.2.3), not by code points."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        names = sorted(_names(value), key=_utf16)
        return {name: _ordered(value[name], _less(levels)) for name in names}
    if isinstance(value, list):
        return [_ordered(item, _less(levels)) for item in value]
    return _plain(value)


def _plain(value: Any) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, int):
        raise NotCanonical(f"a value of type {type(value).__name__} is not recorded")
    if abs(value) > MOST_INTEGER:
        raise NotCanonical("an integer is beyond 2^53 - 1")
    return int(value)


def _names(value: Mapping[Any, Any]) -> list[str]:
    names = list(value)
    if not all(isinstance(name, str) for name in names):
        raise NotCanonical("the name of a member is no text")
    return [str.__str__(name) for name in names]


def _utf16(name: str) -> bytes:
    return name.encode(_UTF16, "surrogatepass")


def _less(levels: int) -> int:
    if levels == 0:
        raise NotCanonical(f"it is nested more than {_DEEPEST} deep")
    return levels - 1
