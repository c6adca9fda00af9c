"""Payloads read back: parsed once, and known for canonical without much work."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from kc_exchange.impersonation.audit.canonical import MOST_INTEGER, canonical


def parsed(payload: bytes) -> dict[str, Any] | None:
    """Return the object that `payload` is; None where it is none.

    No float and no integer beyond 2^53 - 1 is ever recorded. A name that is there
    twice is for `is_canonical` to refuse.
    """
    try:
        said = _decoder.decode(payload.decode())
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def is_canonical(said: dict[str, Any], payload: bytes) -> bool:
    """Whether `payload`, of which `said` was parsed, is in canonical form (RFC 8785).

    Names in the order of their code points are in that of RFC 8785, too, but for
    characters beyond the BMP: only then is it written out by the slower way.
    """
    try:
        if _BEYOND.search(payload):
            return canonical(said) == payload
        return _encoder.encode(said).encode() == payload
    except (ValueError, RecursionError):
        return False


def _integer(digits: str) -> int:
    number = int(digits)
    if abs(number) > MOST_INTEGER:
        raise ValueError("an integer is beyond 2^53 - 1")
    return number


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is never recorded")


_BEYOND = re.compile(rb"[\xf0-\xf4]")
"""The first byte of four, in UTF-8."""
_decoder = json.JSONDecoder(
    parse_float=_refuse, parse_constant=_refuse, parse_int=_integer
)
_encoder = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False
)
