"""Members of a wanted document that more than one value satisfies."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_SEPARATOR = "##"
"""Between the values of a client's attribute that has several."""


class Rule(ABC):
    """What a member must satisfy, and what it becomes if it does not."""

    @abstractmethod
    def holds(self, found: Any) -> bool:
        """Tell whether the value that Keycloak has will do; None: it has none."""

    @abstractmethod
    def value(self, found: Any) -> Any:
        """Return what it should be instead; None: nothing at all."""

    def joined(self, other: Any) -> Any:
        """Return what is wanted where another part of the document wants `other`."""
        return other


@dataclass(frozen=True, slots=True)
class Between(Rule):
    """A number of seconds from `low` to `high`; as text in an attribute."""

    low: int
    high: int
    usual: int | None
    """What it is where there is none; None: then it stays so."""
    as_text: bool = False

    def holds(self, found: Any) -> bool:
        """Tell whether it lies between the two."""
        seconds = _number(found)
        if seconds is None:
            return self.usual is None
        return self.low <= seconds <= self.high

    def value(self, found: Any) -> Any:
        """Return the nearest that does; -1 stands for a whole session."""
        seconds = _number(found)
        if seconds is None:
            nearest = self.usual
        elif seconds < 0:
            nearest = self.high
        else:
            nearest = min(max(seconds, self.low), self.high)
        return str(nearest) if self.as_text and nearest is not None else nearest


@dataclass(frozen=True, slots=True)
class Unless(Rule):
    """This value, unless somebody has set another."""

    usual: str

    def holds(self, found: Any) -> bool:
        """Tell whether there is any."""
        return bool(found)

    def value(self, found: Any) -> Any:
        """Return it."""
        del found
        return self.usual


@dataclass(frozen=True, slots=True)
class Includes(Rule):
    """A list with these words in it, where an empty one stands for all there are."""

    words: tuple[str, ...]

    def holds(self, found: Any) -> bool:
        """Tell whether none is missing."""
        return not found or set(self.words) <= set(found)

    def value(self, found: Any) -> Any:
        """Return the list with what is missing."""
        return [*found, *(w for w in self.words if w not in found)] if found else None

    def joined(self, other: Any) -> Any:
        """Want the words of both."""
        if isinstance(other, Includes):
            return Includes(tuple(dict.fromkeys((*self.words, *other.words))))
        return other


@dataclass(frozen=True, slots=True)
class OneOf(Rule):
    """One of these values; the first, where there is none."""

    values: tuple[str, ...]

    def holds(self, found: Any) -> bool:
        """Tell whether it is one of them."""
        return found in self.values

    def value(self, found: Any) -> Any:
        """Return the first."""
        del found
        return self.values[0]


@dataclass(frozen=True, slots=True)
class Among(Rule):
    """An attribute with these values among those it has."""

    values: tuple[str, ...]

    def holds(self, found: Any) -> bool:
        """Tell whether none is missing."""
        return set(self.values) <= set(_split(found))

    def value(self, found: Any) -> Any:
        """Return the attribute with what is missing."""
        return _SEPARATOR.join(dict.fromkeys((*_split(found), *self.values)))

    def joined(self, other: Any) -> Any:
        """Want the values of both."""
        if isinstance(other, Among):
            return Among(tuple(dict.fromkeys((*self.values, *other.values))))
        return other


@dataclass(frozen=True, slots=True)
class SameKey(Rule):
    """A JWK set, as text, with this public key in it (RFC 7517)."""

    key: tuple[tuple[str, str], ...]

    def holds(self, found: Any) -> bool:
        """Tell whether it is there, whatever its order and its blanks."""
        with suppress(ValueError, AttributeError, TypeError):
            return any(
                all(known.get(name) == value for name, value in self.key)
                for known in json.loads(found)["keys"]
            )
        return False

    def value(self, found: Any) -> Any:
        """Return a set of this key alone: the client signs with no other."""
        del found
        return json.dumps({"keys": [dict(self.key)]})


def _number(found: Any) -> int | None:
    with suppress(TypeError, ValueError):
        return int(found)
    return None


def _split(found: Any) -> list[str]:
    return [value for value in str(found or "").split(_SEPARATOR) if value]
