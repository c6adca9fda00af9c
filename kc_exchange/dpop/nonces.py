"""The nonces that servers want to see in proofs (RFC 9449 sections 8 and 9)."""

from __future__ import annotations

import re

_NONCE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,512}")
_MOST = 256


class Nonces:
    """The newest nonce of each server; a process keeps its own."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, server: str) -> str:
        """Return the newest nonce of `server`, empty where it has given none."""
        return self._known.get(server, "")

    def learn(self, server: str, nonce: str | None) -> bool:
        """Keep what a reply of `server` brought; tell whether it can be sent back.

        None, or what is no nonce by its letters, changes nothing.
        """
        if nonce is None or _NONCE.fullmatch(nonce) is None:
            return False
        if len(self._known) >= _MOST and server not in self._known:
            self._known.clear()
        self._known[server] = nonce
        return True

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()
