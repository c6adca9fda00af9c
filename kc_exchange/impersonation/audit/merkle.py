"""The Merkle tree of RFC 6962 section 2.1, grown leaf by leaf."""

from __future__ import annotations

from hashlib import sha256


class Tree:
    """A tree of which only the right edge is kept: 32 bytes for each of its levels.

    A leaf is SHA-256(0x00 || data), a node SHA-256(0x01 || left || right).
    """

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Add one leaf with its data to the right."""
        node = sha256(b"\x00" + data).digest()
        size = self.size
        while size & 1:
            node = sha256(b"\x01" + self._edge.pop() + node).digest()
            size >>= 1
        self._edge.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it is now, 32 bytes."""
        if not self._edge:
            return sha256(b"").digest()
        *others, node = self._edge
        for left in reversed(others):
            node = sha256(b"\x01" + left + node).digest()
        return node
