"""Rows B31, B32 and B62 to B64: keys that verify nothing."""

from __future__ import annotations

import jwt
import pytest

from kc_exchange.jwt_validation import validate
from kc_exchange.jwt_validation.keys import read_key
from kc_exchange.jwt_validation.weak_keys import is_roca
from tests.jwt_validation.issuer import b64, jwk_of, other_key, rsa_key
from tests.jwt_validation.refusals import refusal

ONE = jwk_of(rsa_key("one"), "one")
TWO = jwk_of(rsa_key("two"), "two")
BAD_KEYS = {
    "B62-null": None,
    "B62-string": "one",
    "B62-no-kty": {"kid": "bad"},
    "B62-kty-list": ONE | {"kid": "bad", "kty": ["RSA"]},
    "B62-n-missing": {k: v for k, v in ONE.items() if k != "n"} | {"kid": "bad"},
    "B62-n-int": ONE | {"kid": "bad", "n": 5},
    "B62-n-no-base64": ONE | {"kid": "bad", "n": "\u20ac"},
    "B62-n-empty": ONE | {"kid": "bad", "n": ""},
    "B62-n-40-KiB": ONE | {"kid": "bad", "n": "x" * 40_000},
    "B62-e-huge": ONE | {"kid": "bad", "e": b64(b"\x7f" * 64)},
    "B62-kid-int": ONE | {"kid": 1},
    "B62-kid-missing": {k: v for k, v in ONE.items() if k != "kid"},
    "B62-alg-none": ONE | {"kid": "bad", "alg": "none"},
    "B62-alg-list": ONE | {"kid": "bad", "alg": ["RS256"]},
    "B62-off-the-curve": jwk_of(other_key("ES256"), "bad", "ES256")
    | {"x": b64(b"1" * 32)},
    "B62-other-curve": jwk_of(other_key("ES256"), "bad", "ES256") | {"crv": "P-384"},
    "B62-curve-list": jwk_of(other_key("ES256"), "bad", "ES256") | {"crv": ["P-256"]},
    "B62-secp256k1": {"kty": "EC", "crv": "secp256k1", "x": "", "y": "", "kid": "bad"},
    "B62-OKP-short": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "bad"},
    "B62-key_ops-string": ONE | {"kid": "bad", "key_ops": "verify"},
    "B63-oct": {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "bad"},
    "B63-private": ONE | {"kid": "bad", "d": "AQAB"},
    "B64-use-enc": ONE | {"kid": "bad", "use": "enc"},
    "B64-use-null": ONE | {"kid": "bad", "use": None},
    "B64-RSA-OAEP": ONE | {"kid": "bad", "alg": "RSA-OAEP", "use": "enc"},
    "B64-key_ops-encrypt": ONE | {"kid": "bad", "key_ops": ["encrypt"]},
}


@pytest.mark.parametrize("bad", BAD_KEYS.values(), ids=BAD_KEYS)
def test_keys__bad_one_among_good(issuer, bad):
    """B62 to B64: what cannot verify is left out, and the good key still does."""
    issuer.publish(bad, ONE)
    assert validate(issuer.token(), issuer.realm()).subject
    refusal(issuer.sign(issuer.claims(), kid="bad"), issuer.realm())


def test_keys__duplicate_kid(issuer):
    """B38: of two keys by one name neither is used; the others are."""
    issuer.publish(ONE, TWO | {"kid": "one"}, TWO)
    refusal(issuer.token(), issuer.realm())
    token = issuer.sign(issuer.claims(), private=rsa_key("two"), kid="two")
    assert validate(token, issuer.realm()).subject


def test_key__short(issuer):
    """B31: an RSA key of 1024 bits is not used."""
    with pytest.raises(ValueError, match="size"):
        read_key(jwk_of(rsa_key("short", 1024), "one"))


@pytest.mark.parametrize("exponent", [0, 1, 2, 4, 2**65 + 1])
def test_key__exponent(exponent):
    """B31: with e = 1 every message is its own signature; even ones are no keys."""
    raw = exponent.to_bytes(16, "big").lstrip(b"\0") or b"\0"
    jwk = jwk_of(rsa_key("one"), "one") | {"e": b64(raw)}
    with pytest.raises((ValueError, jwt.PyJWTError)):
        read_key(jwk)


def test_key__e_1_signs_anything(issuer):
    """B31: a token "signed" for e = 1 is refused, the key being left out."""
    good = jwk_of(rsa_key("one"), "one")
    issuer.publish(good | {"kid": "weak", "e": "AQ"}, good)
    token = issuer.sign(issuer.claims(), kid="weak")
    refusal(token, issuer.realm())


def roca_modulus():
    """A modulus as the flawed generator made them: both primes are 65537^a mod M."""
    primes = [n for n in range(2, 168) if all(n % d for d in range(2, n))]
    primorial = 1
    for prime in primes:
        primorial *= prime
    found: list[int] = []
    k = 3 * 2**1022 // primorial
    while len(found) < 2:
        k += 1
        candidate = k * primorial + pow(65537, 5 + len(found), primorial)
        if pow(2, candidate - 1, candidate) == 1:
            found.append(candidate)
    return found[0] * found[1]


def test_key__roca():
    """B32: a key of the flawed Infineon generator is recognised and not used."""
    modulus = roca_modulus()
    assert is_roca(modulus)
    assert not is_roca(rsa_key("one").public_key().public_numbers().n)
    raw = modulus.to_bytes((modulus.bit_length() + 7) // 8, "big")
    with pytest.raises(ValueError, match="weak"):
        read_key(jwk_of(rsa_key("one"), "one") | {"n": b64(raw)})
