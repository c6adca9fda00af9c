"""Read JSON that an opponent may have written."""

from __future__ import annotations

import json
from typing import Any, NoReturn

_Pairs = list[tuple[str, Any]]


def loads_object(raw: bytes | str) -> dict[str, Any]:
    """Return the one JSON object in `raw`.

    Two readers of one text must agree on what it says, so duplicate members, a
    byte order mark, NaN, Infinity and anything after the object are refused, as is
    text that is not UTF-8 (RFC 8259 section 8.1, RFC 7515 section 4). So is half a
    surrogate pair (RFC 8259 section 8.2, RFC 7493 section 2.1): whoever hashes such a
    text, or writes it down, would fail.

    Raises:
        ValueError: `raw` is not exactly one such object. The error holds no part of
            `raw`, which may be a secret.
    """
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        value = _decoder.decode(text)
        if "\\u" in text or isinstance(raw, str):
            json.dumps(value, ensure_ascii=False).encode()  # fails on half a pair
    except RecursionError:
        value, wrong = None, "nested too deeply"
    except (UnicodeError, json.JSONDecodeError) as error:
        value, wrong = None, f"not JSON ({error.__class__.__name__})"
    else:
        wrong = "not a JSON object"
    if not isinstance(value, dict):
        raise ValueError(wrong)  # noqa: TRY004 - its text is wrong
    return value


def _without_duplicates(pairs: _Pairs) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member appears twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
)
