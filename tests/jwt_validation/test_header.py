"""Rows B23 to B40: headers, and keys that do not fit them."""

from __future__ import annotations

import base64
import hmac
import json

import pytest
from cryptography.hazmat.primitives import serialization

from kc_exchange.jwt_validation import validate
from kc_exchange.jwt_validation.keys import read_key
from tests.jwt_validation.issuer import b64, jwk_of, other_key, rsa_key
from tests.jwt_validation.refusals import refusal

SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def public_bytes(encoding):
    return rsa_key("one").public_key().public_bytes(encoding, SPKI)


def with_header(**changed):
    return lambda issuer: issuer.sign(issuer.claims(), **changed)


def raw_header(text):
    return lambda issuer: issuer.sign_raw(text, json.dumps(issuer.claims()))


def named(**members):
    """A header with its `alg` as given, over a signature that is RS256."""

    def make(issuer):
        header = {"typ": "JWT", "kid": "one", **members}
        return issuer.sign_raw(json.dumps(header), json.dumps(issuer.claims()))

    return make


def unsigned(issuer):
    header = b64(b'{"alg":"none","typ":"JWT","kid":"one"}')
    return f"{header}.{b64(json.dumps(issuer.claims()).encode())}."


def hmac_signed(secret):
    """HS256 with what everybody knows: the public key, in some spelling."""

    def make(issuer):
        header = json.dumps({"alg": "HS256", "typ": "JWT", "kid": "one"}).encode()
        signed = f"{b64(header)}.{b64(json.dumps(issuer.claims()).encode())}"
        return f"{signed}.{b64(hmac.digest(secret(), signed.encode(), 'sha256'))}"

    return make


PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER
GOOD = '"typ":"JWT","kid":"one"'
ROWS = {
    **{f"B23-alg-{alg}": named(alg=alg) for alg in ("none", "None", "nOnE", "NONE")},
    "B23-alg-none-unsigned": unsigned,
    "B24-alg-missing": named(),
    "B25-alg-null": named(alg=None),
    "B25-alg-list": named(alg=["RS256"]),
    "B25-alg-empty": named(alg=""),
    "B26-alg-lower-case": named(alg="rs256"),
    "B27-HS256-of-PEM": hmac_signed(lambda: public_bytes(PEM)),
    "B27-HS256-of-DER": hmac_signed(lambda: public_bytes(DER)),
    "B27-HS256-of-JWK": hmac_signed(
        lambda: json.dumps(jwk_of(rsa_key("one"), "one")).encode()
    ),
    "B27-HS256-of-x5c": hmac_signed(lambda: base64.b64encode(public_bytes(DER))),
    "B27-HS256-of-spaced-PEM": hmac_signed(
        lambda: public_bytes(PEM).replace(b"\n", b"\n ")
    ),
    "B27-HS256-of-nothing": hmac_signed(lambda: b""),
    "B28-alg-of-another-hash": with_header(alg="RS384"),
    "B28-alg-PS256-for-RS256": with_header(alg="PS256"),
    "B28-alg-ES256K": named(alg="ES256K"),
    "B29-ES256-for-an-RSA-key": lambda i: i.sign(
        i.claims(), private=other_key("ES256"), alg="ES256"
    ),
    "B34-crit-unknown": named(alg="RS256", crit=["exp"]),
    "B34-crit-empty": named(alg="RS256", crit=[]),
    "B34-crit-string": named(alg="RS256", crit="exp"),
    "B34-crit-duplicate": named(alg="RS256", crit=["b64", "b64"], b64=True),
    "B35-b64-false": named(alg="RS256", b64=False),
    "B36-alg-twice": raw_header('{"alg":"none","alg":"RS256",' + GOOD + "}"),
    "B36-kid-twice": raw_header('{"alg":"RS256","kid":"two",' + GOOD + "}"),
    "B36-BOM": raw_header('\ufeff{"alg":"RS256",' + GOOD + "}"),
    "B36-invalid-UTF-8": raw_header(
        b'{"alg":"RS256","a":"\xff",' + GOOD.encode() + b"}"
    ),
    "B36-NaN": raw_header('{"alg":"RS256","a":NaN,' + GOOD + "}"),
    "B36-array": raw_header("[]"),
    "B37-jwk": lambda i: i.sign(
        i.claims(), private=rsa_key("evil"), jwk=jwk_of(rsa_key("evil"), "one")
    ),
    "B37-jku": named(alg="RS256", jku="http://127.0.0.1:9/keys"),
    "B37-x5u": named(alg="RS256", x5u="file:///etc/passwd"),
    "B37-x5c": named(alg="RS256", x5c=["AAAA"]),
    "B38-kid-int": named(alg="RS256", kid=1),
    "B38-kid-list": named(alg="RS256", kid=["one"]),
    "B38-kid-null": named(alg="RS256", kid=None),
    "B38-kid-absent": with_header(kid=...),
    "B38-kid-empty": with_header(kid=""),
    "B38-kid-unknown": with_header(kid="two"),
    "B38-kid-path": with_header(kid="../../../../dev/null"),
    "B38-kid-SQL": with_header(kid="one'OR'1'='1"),
    "B38-kid-CRLF": with_header(kid="one\r\nX-Evil: 1"),
    "B38-kid-non-ASCII": with_header(kid="\u043ene"),
    "B38-kid-100-kB": with_header(kid="k" * 100_000),
    "B38-kid-129": with_header(kid="k" * 129),
    "B39-typ-absent": with_header(typ=...),
    "B39-typ-logout": with_header(typ="logout+jwt"),
    "B39-typ-dpop": with_header(typ="dpop+jwt"),
    "B39-typ-int": named(alg="RS256", typ=1),
    "B39-typ-JOSE": with_header(typ="JOSE"),
    "B40-zip": named(alg="RS256", zip="DEF"),
    "B40-cty": named(alg="RS256", cty="JWT"),
}


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_header(issuer, make):
    """A header decides nothing but which of the realm's keys is asked."""
    validate(issuer.token(), issuer.realm())
    refusal(make(issuer), issuer.realm())


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        *((a, a) for a in ("ES256", "ES384", "ES512", "EdDSA")),
        ("EdDSA", "Ed448"),
        *((a, "") for a in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
    ],
)
def test_header__every_algorithm_on_the_list(issuer, alg, key):
    """Whatever Keycloak can sign with, HMAC apart, is accepted with its own key."""
    private = other_key(key) if key else rsa_key("one")
    issuer.publish(jwk_of(private, "one", alg))
    token = issuer.sign(issuer.claims(), private=private, alg=alg)
    assert validate(token, issuer.realm()).subject


@pytest.mark.parametrize("named_alg", ["ES256", "ES512", "RS256", "EdDSA"])
def test_header__wrong_curve(issuer, named_alg):
    """B30: an algorithm of another curve or kind than the key's is refused."""
    private = other_key("ES384")
    issuer.publish(jwk_of(private, "one", "ES384"))
    header = json.dumps({"alg": named_alg, "typ": "JWT", "kid": "one"})
    token = issuer.sign_raw(header, json.dumps(issuer.claims()), private, "ES384")
    refusal(token, issuer.realm())


@pytest.mark.parametrize("zeros", [64, 0x40 - 1, 1], ids=["64", "63", "1"])
def test_header__all_zero_signature(issuer, zeros):
    """B33: r = s = 0 proves nothing (CVE-2022-21449)."""
    private = other_key("ES256")
    issuer.publish(jwk_of(private, "one", "ES256"))
    good = issuer.sign(issuer.claims(), private=private, alg="ES256")
    refusal(f"{good.rpartition('.')[0]}.{b64(bytes(zeros))}", issuer.realm())


def test_header__key_fits_only_its_curve(issuer):
    """B30: a JWK whose `alg` is not its curve's verifies nothing."""
    jwk = jwk_of(other_key("ES384"), "one", "ES384") | {"alg": "ES256"}
    with pytest.raises(ValueError, match="kind"):
        read_key(jwk)


def test_header__no_network(issuer, server):
    """B37: a URL in a header is never fetched."""
    validate(issuer.token(), issuer.realm())
    for name in ("jku", "x5u"):
        token = issuer.sign(issuer.claims(), **{name: f"{server.url}/evil"})
        refusal(token, issuer.realm())
    assert server.hits["/evil"] == 0
