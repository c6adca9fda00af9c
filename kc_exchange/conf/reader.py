"""Read one part of the `KC_EXCHANGE` dictionary, and note what is wrong with it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

_WRITTEN = ":/?#[]@!$&'()*+,;=%~"
"""What a URL has besides letters and digits (RFC 3986 section 2)."""
_HOST = re.compile(r"[\w-][\w.-]*|[0-9a-f:.]+", re.ASCII)
"""A name, an IPv4 or an IPv6 address; `requests` takes none that begins with a dot."""
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the settings; `number` is that of its system check."""

    number: str
    message: str
    hint: str


class Reader:
    """One part of the dictionary; what is wrong with it goes to `found`."""

    def __init__(self, raw: Any, where: str, found: list[Problem]) -> None:
        self.where = where
        self.found = found
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            self.wrong("E001", "is not a dictionary", "Write it as {...}.")

    def wrong(self, number: str, what: str, hint: str, key: str = "") -> None:
        """Note a problem of this part, or of one key in it."""
        where = f"{self.where}[{key!r}]" if key else self.where
        self.found.append(Problem(number, f"{where} {what}.", hint))

    def only(self, known: set[str]) -> None:
        """Note each key that is not known, with the one that was meant."""
        for key in sorted(set(map(str, self.raw)) - known):
            near = difflib.get_close_matches(key, known, 1) or sorted(known)
            self.wrong("E002", "is no setting", f"Did you mean {near[0]!r}?", key)

    def part(self, key: str) -> Reader:
        """Return the dictionary below `key`; an empty one where there is none."""
        return Reader(self.raw.get(key, {}), f"{self.where}[{key!r}]", self.found)

    def text(self, key: str, default: str = "", *, number: str = "") -> str:
        """Return a string; note its absence under `number`, if one is given."""
        value = self.raw.get(key, default)
        if not isinstance(value, str):
            self.wrong("E011", "is not a string", "Write it in quotes.", key)
            return default
        if not self._all_texts(key, (value,)):
            return default
        if number and not value.strip():
            self.wrong(number, "is missing", f"Set {key}.", key)
        return value

    def one_of(
        self, key: str, default: str, choices: Iterable[str], number: str
    ) -> Any:
        """Return one of `choices`; note anything else under `number`."""
        value = self.text(key, default)
        known = sorted(choices)
        if value not in known:
            self.wrong(number, f"is {value!r}", f"Choose one of {known}.", key)
            return default
        return value

    def words(self, key: str, default: Iterable[str] = ()) -> frozenset[str]:
        """Return a list of words as a set."""
        value = self.raw.get(key, default)
        # Settings are read more than once, and a generator is empty at the second time:
        # no AUTHORIZED_PARTIES would mean any.
        if not isinstance(value, (list, tuple, set, frozenset)):
            hint = "Write ['...', '...'], and list(...) around a generator."
            self.wrong("E011", "is not a list", hint, key)
            return frozenset(default)
        if not all(isinstance(w, str) and w.strip() for w in value):
            self.wrong("E011", "holds something else than words", "Strings only.", key)
            return frozenset(default)
        return frozenset(value if self._all_texts(key, value) else default)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, in its order."""
        value = self.raw.get(key, ())
        if isinstance(value, (list, tuple)) and all(
            isinstance(text, str) and text.strip() for text in value
        ):
            return tuple(value) if self._all_texts(key, value) else ()
        self.wrong("E011", "is not a list of strings", "Write ['...', '...'].", key)
        return ()

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return whether it is switched on."""
        value = self.raw.get(key, default)
        if not isinstance(value, bool):
            self.wrong("E011", "is not a truth value", "Write True or False.", key)
        return value is True

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Return a number between two others."""
        value = self.raw.get(key, default)
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            hint = f"Give a number from {low:g} to {high:g}."
            self.wrong("E011", "is out of range", hint, key)
            return default
        return float(value)

    def url(self, key: str, number: str, *, debug: bool) -> str:
        """Return a URL; note one that is plain http where it must not be.

        It is written as Keycloak writes the issuer into tokens: percent-encoded.
        """
        value = self.text(key, number=number)
        plain = quote(value.strip(), safe=_WRITTEN)
        parts = _split(plain)
        if plain and parts is None:
            hint = (
                "Write https://host/path, without user, query or fragment, and the "
                "host in ASCII."
            )
            self.wrong(number, "is not a URL", hint, key)
        elif parts is not None and plain != value:
            hint = f"Percent-encode it, without blanks around it: {plain!r}."
            self.wrong(number, "has characters that no URL has", hint, key)
        elif parts is not None and not (debug or self._may_be_plain(*parts)):
            self.wrong(
                "E004",
                "is plain http: tokens would travel unencrypted",
                "Use https, or say ALLOW_PLAIN_HTTP: True where the network "
                "itself encrypts.",
                key,
            )
        return value

    def _all_texts(self, key: str, values: Iterable[str]) -> bool:
        good = all(map(is_text, values))
        if not good:
            hint = "Write it in UTF-8, and what it is read from too."
            self.wrong("E011", "has characters that are no UTF-8, or NUL", hint, key)
        return good

    def _may_be_plain(self, scheme: str, host: str) -> bool:
        allowed = self.raw.get("ALLOW_PLAIN_HTTP") is True
        return scheme == "https" or host in LOOPBACK or allowed


def is_text(value: object) -> bool:
    """Return whether requests, paths and databases take it.

    The environment gives lone surrogates for bytes that are no UTF-8; whoever encodes
    them quotes the whole text in an error, be it a secret.
    """
    return isinstance(value, str) and not _NO_TEXT.search(value)


def _split(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    plain = not (parts.query or parts.fragment or parts.username is not None)
    if parts.scheme not in {"http", "https"} or not plain:
        return None
    host = parts.hostname or ""
    return (parts.scheme, host) if _HOST.fullmatch(host) else None
