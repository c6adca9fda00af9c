"""Remember tokens that were valid, by digest, so that the next look is cheap."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kc_exchange import forks

if TYPE_CHECKING:
    from kc_exchange.conf import Realm, Settings
    from kc_exchange.jwt_validation.claims import Claims
    from kc_exchange.jwt_validation.jwks import KeyCache
    from kc_exchange.jwt_validation.keys import Key

MAX_REMEMBERED = 4096

Place = tuple[bytes, str | None]
"""The token's digest, and the alias of the realm if one was named."""


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """A valid token's claims, with all that decided, the clock apart."""

    claims: Claims
    decided_by: Realm | Settings
    keys: KeyCache
    key: Key


class Memory:
    """The tokens used last, up to a number of them; safe for threads."""

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._entries: OrderedDict[Place, Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, place: Place) -> Remembered | None:
        """Return what is remembered there, as the one used last."""
        with self._lock:
            found = self._entries.get(place)
            if found is not None:
                self._entries.move_to_end(place)
            return found

    def put(self, place: Place, entry: Remembered) -> None:
        """Remember, and forget the one whose use is longest ago."""
        with self._lock:
            self._entries[place] = entry
            self._entries.move_to_end(place)
            if len(self._entries) > self._most:
                self._entries.popitem(last=False)

    def drop(self, place: Place) -> None:
        """Forget one."""
        with self._lock:
            self._entries.pop(place, None)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._entries.clear()

    def start_anew(self) -> None:
        """Forget all, with a lock of its own: another process may hold the old one."""
        self._lock = threading.Lock()
        self._entries = OrderedDict()


memory = Memory()
forks.in_child(memory.start_anew)
