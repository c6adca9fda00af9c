"""Recognise RSA keys of the flawed Infineon generator (ROCA, CVE-2017-15361)."""

from __future__ import annotations

from functools import cache

_GENERATOR = 65537
_HIGHEST = 167


@cache
def _residues() -> dict[int, frozenset[int]]:
    """Return, by prime, what that generator's moduli leave as a remainder."""
    primes = [n for n in range(3, _HIGHEST + 1) if all(n % d for d in range(2, n))]
    return {
        prime: frozenset(pow(_GENERATOR, k, prime) for k in range(1, prime))
        for prime in primes
    }


def is_roca(modulus: int) -> bool:
    """Tell whether the modulus has the fingerprint; a sound one has it once in 2^27."""
    return all(modulus % prime in left for prime, left in _residues().items())
