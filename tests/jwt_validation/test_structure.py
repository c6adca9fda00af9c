"""Rows B1 to B22: what is no compact JWS at all."""

from __future__ import annotations

import gzip
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation import compact, validate
from tests.jwt_validation.issuer import b64, rsa_key
from tests.jwt_validation.refusals import refusal


def parts(token):
    return token.split(".")


def alias(segment):
    """Spell the same bytes with another last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(segment) % 4
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) + 1]


def unpadded(issuer):
    """A good token, none of whose segments fills its last four characters."""
    for length in range(12):
        token = issuer.token(jti="j" * length)
        if all(len(part) % 4 for part in parts(token)):
            return token
    raise AssertionError


def just(value):
    return lambda _issuer: value


def nested(issuer):
    return issuer.sign_raw('{"alg":"RS256","typ":"JWT","kid":"one"}', issuer.token())


def json_serialisation(issuer):
    header, payload, signature = parts(issuer.token())
    return json.dumps({"protected": header, "payload": payload, "signature": signature})


def payload_of(raw):
    header = '{"alg":"RS256","typ":"JWT","kid":"one"}'
    return lambda issuer: issuer.sign_raw(header, raw)


ROWS = {
    "B1-empty": just(""),
    "B2-None": just(None),
    "B3-int": just(5),
    "B3-bytes": lambda i: i.token().encode(),
    "B4-one-part": lambda i: parts(i.token())[0],
    "B5-two-parts": lambda i: ".".join(parts(i.token())[:2]),
    "B6-four-parts": lambda i: i.token() + ".AAAA",
    "B7-five-parts": lambda i: i.token() + ".AAAA.AAAA",
    "B8-empty-signature": lambda i: i.token().rpartition(".")[0] + ".",
    "B8-empty-header": lambda i: "." + i.token().partition(".")[2],
    "B9-leading-space": lambda i: " " + i.token(),
    "B9-trailing-space": lambda i: i.token() + " ",
    "B10-trailing-newline": lambda i: i.token() + "\n",
    "B10-newline-within": lambda i: i.token().replace(".", ".\n", 1),
    "B11-padded-header": lambda i: i.token().replace(".", "=.", 1),
    "B11-padded-payload": lambda i: "=.".join(i.token().rsplit(".", 1)),
    "B11-padded-signature": lambda i: i.token() + "==",
    "B12-plus": lambda i: i.token()[:-4] + "ab+d",
    "B12-slash": lambda i: i.token()[:-4] + "ab/d",
    "B14-nul": lambda i: i.token() + "\0",
    "B14-nul-within": lambda i: "\0" + i.token(),
    "B14-surrogate": lambda i: i.token() + "\ud800",
    "B14-full-width-dot": lambda i: i.token().replace(".", "\uff0e"),
    "B15-json": json_serialisation,
    "B16-encrypted": just("eyJhbGciOiJSU0EtT0FFUCJ9" + ".AAAA" * 4),
    "B17-nested": nested,
    "B18-gzip": payload_of(gzip.compress(b"{}")),
    "B19-utf-16": payload_of('{"sub":"alice"}'.encode("utf-16")),
    "B20-one-megabyte": lambda i: i.token(pad="x" * 2**20),
    "B20-over-8-KiB": lambda i: i.token(pad="x" * 6000),
    "B20-header-over-1-KiB": lambda i: i.sign(i.claims(), pad="x" * 1100),
    "B21-deep": payload_of('{"a":' + "[" * 2900 + "]" * 2900 + "}"),
    "B21-too-deep-to-send": payload_of('{"a":' + "[" * 100_000 + "]" * 100_000 + "}"),
    "B21-deep-within-limits": lambda i: i.token(a=json.loads("[" * 40 + "]" * 40)),
    "B22-5000-digits": payload_of('{"exp":' + "9" * 5000 + "}"),
    "B22-trailing-garbage": payload_of("{} {}"),
    "B22-array": payload_of("[]"),
    "B22-null": payload_of("null"),
    "B22-empty": payload_of(" "),
}


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_structure(issuer, make):
    """Whatever is no compact JWS in one spelling is refused, nothing else raised."""
    refusal(make(issuer), issuer.realm())


@pytest.mark.parametrize("at", [0, 1, 2], ids=["header", "payload", "signature"])
def test_structure__alias_of_the_same_bytes(issuer, at):
    """B13: the unused bits of a last character are zero, or it is another token."""
    token = unpadded(issuer)
    realm = issuer.realm()
    validate(token, realm)
    segments = parts(token)
    segments[at] = alias(segments[at])
    assert refusal(".".join(segments), realm)


def test_structure__good_token(issuer):
    """A token as Keycloak makes it is accepted, and its content is the claims."""
    claims = validate(issuer.token(), issuer.realm())
    assert (claims.subject, claims.azp) == ("4f1c8c1e-alice", "shop-web")
    assert claims.scope == {"openid", "orders:read"}
    assert claims.audience == {"django-app"}
    assert claims.realm_roles == {"staff"}
    assert claims.client_roles("orders-api") == {"reader"}
    assert claims.client_roles("other") == frozenset()
    assert claims.actor is None
    assert claims.claims["preferred_username"] == "alice"


def test_structure__type_of_rfc_9068(issuer):
    """`at+jwt` is a type of access tokens too, in whatever case."""
    for typ in ("at+jwt", "application/at+jwt", "AT+JWT"):
        validate(issuer.sign(issuer.claims(), typ=typ), issuer.realm())


@given(st.one_of(st.text(), st.text("ABab01-_.=", max_size=60), st.binary()))
def test_split__anything(text):
    """Nothing but a refusal comes out, whatever goes in."""
    try:
        validate(text, realm=None)
    except InvalidToken:
        return
    raise AssertionError


@given(st.binary(min_size=1, max_size=64))
def test_decoded__one_spelling(raw):
    """Every byte string has one spelling, which is read back."""
    assert compact.decoded(b64(raw)) == raw


@given(st.text("ABCDwxyz0189-_", min_size=1, max_size=9))
def test_decoded__agrees_with_the_encoder(segment):
    """A spelling is accepted if and only if the encoder would write it."""
    try:
        raw = compact.decoded(segment)
    except InvalidToken:
        return
    assert b64(raw) == segment


def test_pyjwt_accepts_what_is_refused(issuer):
    """The rows are needed: PyJWT alone lets a padded signature through."""
    token = issuer.token() + "=="
    public = rsa_key("one").public_key()
    assert jwt.decode(token, public, ["RS256"], audience="django-app")
