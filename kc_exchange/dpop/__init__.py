"""Proofs of possession: tokens that only the holder of a key can use (RFC 9449)."""

from kc_exchange.dpop.keys import ProofKey, key_of_realm, key_of_token
from kc_exchange.dpop.nonces import Nonces
from kc_exchange.dpop.proofs import HEADER, NONCE, USE_NONCE, proof

__all__ = [
    "HEADER",
    "NONCE",
    "USE_NONCE",
    "Nonces",
    "ProofKey",
    "key_of_realm",
    "key_of_token",
    "proof",
]
