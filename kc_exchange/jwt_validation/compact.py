"""Take a compact JWS apart, strictly (RFC 7515 section 7.1)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from functools import lru_cache
from typing import Any, NamedTuple

from kc_exchange.exceptions import InvalidToken
from kc_exchange.strict_json import loads_object

MAX_TOKEN = 8 * 1024
MAX_HEADER = 1024
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    | {"ES256", "ES384", "ES512", "EdDSA"}
)
"""What Keycloak can sign with, less HMAC: no secret is shared with it."""

_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LAST = (None, "", "AQgw", "AEIMQUYcgkosw048")
"""By length modulo 4: the last characters whose unused bits are zero."""
_KID = re.compile(r"[\x21-\x7e]{1,128}")
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What the header of an access token, or of an ID token, says it is."""
_REFUSED = frozenset(
    {"jwk", "jku", "x5u", "x5c", "zip", "cty", "crit", "b64", "enc", "epk"}
)
"""Each would name a key, or change what is signed or how it is read."""


class Compact(NamedTuple):
    """The three segments, still encoded, and what the signature is over."""

    header: str
    payload: str
    signature: str
    signed: bytes


class Header(NamedTuple):
    """What a header may decide."""

    alg: str
    kid: str


def split(token: str) -> Compact:
    """Return the segments of `token`, whose length was checked.

    Raises:
        InvalidToken: it is no compact JWS in canonical base64url.
    """
    if _SHAPE.fullmatch(token) is None:
        raise InvalidToken.because("not three segments of base64url")
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    if len(header) * 3 > MAX_HEADER * 4:
        raise InvalidToken.because("the header is too long")
    return Compact(header, payload, signature, signed.encode())


def decoded(segment: str) -> bytes:
    """Return the bytes of a segment; each has one spelling only (RFC 4648 3.5).

    Raises:
        InvalidToken: it is another spelling of its bytes, or of no length possible.
    """
    last = _LAST[len(segment) % 4]
    if last is not None and segment[-1] not in last:
        raise InvalidToken.because("a segment is not canonical base64url")
    return urlsafe_b64decode(segment + "==")


def json_of(segment: str) -> dict[str, Any]:
    """Return the JSON object in a segment.

    Raises:
        InvalidToken: there is none, or a member is in it twice.
    """
    try:
        return loads_object(decoded(segment))
    except ValueError:
        raise InvalidToken.because("a segment is not one strict JSON object") from None


def algorithm(header: dict[str, Any]) -> str:
    """Return the algorithm of a header that leaves all else to us (RFC 8725 3.1).

    Raises:
        InvalidToken: it is not on the list, or the header brings a key or an extension.
    """
    if not _REFUSED.isdisjoint(header):
        raise InvalidToken.because("the header brings a key or an extension")
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise InvalidToken.because("the algorithm is not on the list")
    return alg


@lru_cache(maxsize=128)
def read_header(segment: str, types: frozenset[str] = TYPES) -> Header:
    """Return what the header says; tokens of one key share it to the letter.

    `types`: the values of `typ` that are accepted, in lower case (RFC 8725 3.11).

    Raises:
        InvalidToken: a member is missing, of a wrong type or not allowed.
    """
    header = json_of(segment)
    alg = algorithm(header)
    kind, kid = header.get("typ"), header.get("kid")
    if not isinstance(kind, str) or kind.lower() not in types:
        raise InvalidToken.because("the header's typ is another kind of token's")
    if not isinstance(kid, str) or _KID.fullmatch(kid) is None:
        raise InvalidToken.because("the header's kid is missing or malformed")
    return Header(alg, kid)
