"""The tree of RFC 6962, against published roots and against its definition."""

from __future__ import annotations

from hashlib import sha256

import pytest

from kc_exchange.impersonation.audit.merkle import Tree

# github.com/transparency-dev/merkle, testonly/constants.go: LeafInputs, RootHashes.
LEAVES = (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_root__is_the_published_one(size: int) -> None:
    tree = Tree()
    for leaf in LEAVES[:size]:
        tree.add(bytes.fromhex(leaf))

    assert tree.root().hex() == ROOTS[size]
    assert tree.size == size


def test_root__is_as_defined_at_every_size() -> None:
    """RFC 6962 section 2.1, written down as it stands there."""

    def hashed(leaves: list[bytes]) -> bytes:
        if not leaves:
            return sha256(b"").digest()
        if len(leaves) == 1:
            return sha256(b"\x00" + leaves[0]).digest()
        half = 1 << (len(leaves) - 1).bit_length() - 1
        sides = hashed(leaves[:half]) + hashed(leaves[half:])
        return sha256(b"\x01" + sides).digest()

    leaves = [sha256(bytes([number])).digest() for number in range(70)]
    tree = Tree()

    for number, leaf in enumerate(leaves, 1):
        tree.add(leaf)
        assert tree.root() == hashed(leaves[:number])
