"""Rows B41 to B60: what a signed token says."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest

from kc_exchange.jwt_validation import refuse_issued_before, validate
from kc_exchange.jwt_validation.actors import MAX_DEPTH
from tests.jwt_validation.refusals import refusal

NOW = object()


def claim(**changed):
    return lambda issuer: issuer.token(**changed)


def raw_claim(name, text):
    """A claim in JSON that `json.dumps` would not write."""

    def make(issuer):
        payload = json.dumps(issuer.claims(**{name: "@"})).replace('"@"', text)
        return issuer.sign_raw('{"alg":"RS256","typ":"JWT","kid":"one"}', payload)

    return make


def shifted(name, seconds):
    def make(issuer):
        return issuer.token(**{name: int(time.time()) + seconds})

    return make


def from_issuer(change):
    return lambda issuer: issuer.token(iss=change(issuer.url))


def depth(levels):
    act: dict[str, object] = {"sub": "bot"}
    for _ in range(levels - 1):
        act = {"sub": "bot", "act": act}
    return act


BAD_INSTANTS = {
    "missing": claim(exp=...),
    "null": claim(exp=None),
    "string": claim(exp="9999999999"),
    "float": claim(exp=9999999999.5),
    "negative": claim(exp=-1),
    "NaN": raw_claim("exp", "NaN"),
    "1e400": raw_claim("exp", "1e400"),
    "-Infinity": raw_claim("exp", "-Infinity"),
    "true": claim(exp=True),
    "list": claim(exp=[1]),
    "2-63": claim(exp=2**63),
    "10-400": claim(exp=10**400),
    "twice": raw_claim("exp", '1, "exp": 9999999999'),
}
ROWS = {
    **{f"B41-exp-{name}": make for name, make in BAD_INSTANTS.items()},
    "B43-nbf-61": shifted("nbf", 61),
    "B43-nbf-string": claim(nbf="0"),
    "B43-nbf-null": claim(nbf=None),
    "B44-iat-61": shifted("iat", 61),
    "B44-iat-missing": claim(iat=...),
    "B44-iat-string": claim(iat="1"),
    "B44-iat-ancient": claim(iat=0),
    "B44-iat-after-exp": shifted("exp", -1),
    "B45-ten-years": shifted("exp", 10 * 365 * 86400),
    "B45-a-day-and-more": shifted("exp", 86_460),
    "B46-aud-missing": claim(aud=...),
    "B46-aud-null": claim(aud=None),
    "B46-aud-empty-list": claim(aud=[]),
    "B46-aud-empty": claim(aud=""),
    "B46-aud-dict": claim(aud={"django-app": 1}),
    "B46-aud-with-int": claim(aud=["django-app", 1]),
    "B46-aud-other": claim(aud="orders-api"),
    "B46-aud-case": claim(aud="Django-App"),
    "B46-aud-substring": claim(aud="django"),
    "B46-aud-longer": claim(aud="django-app-2"),
    "B46-aud-slash": claim(aud="django-app/"),
    "B46-aud-joined": claim(aud="django-app orders-api"),
    "B47-iss-missing": claim(iss=...),
    "B47-iss-slash": from_issuer(lambda url: url + "/"),
    "B47-iss-prefix": from_issuer(lambda url: url[:-1]),
    "B47-iss-longer": from_issuer(lambda url: url + ".evil.example"),
    "B47-iss-list": from_issuer(lambda url: [url]),
    "B47-iss-case": from_issuer(str.upper),
    "B47-iss-https": from_issuer(lambda url: url.replace("http:", "https:")),
    "B47-iss-other-realm": from_issuer(lambda url: url.replace("demo", "other")),
    "B48-sub-missing": claim(sub=...),
    "B48-sub-int": claim(sub=7),
    "B48-sub-empty": claim(sub=""),
    "B48-sub-null": claim(sub=None),
    "B48-sub-NUL": claim(sub="alice\0"),
    "B48-sub-newline": claim(sub="alice\n"),
    "B48-sub-surrogate": raw_claim("sub", r'"\ud800"'),
    "B48-sub-bidi": claim(sub="alice\u202e"),
    "B48-sub-512": claim(sub="a" * 512),
    "B48-sub-256": claim(sub="a" * 256),
    "B48-sub-twice": raw_claim("sub", '"alice", "sub": "root"'),
    "B49-azp-list": claim(azp=["shop-web"]),
    "B50-scope-list": claim(scope=["orders:read"]),
    "B50-scope-int": claim(scope=1),
    "B50-scope-null": claim(scope=None),
    "B51-realm_access-list": claim(realm_access=["admin"]),
    "B51-realm_access-null": claim(realm_access=None),
    "B51-roles-string": claim(realm_access={"roles": "admin"}),
    "B51-roles-with-int": claim(realm_access={"roles": ["admin", 1]}),
    "B51-roles-with-list": claim(realm_access={"roles": [["admin"]]}),
    "B51-resource_access-list": claim(resource_access=[]),
    "B51-resource_access-client-list": claim(resource_access={"orders-api": []}),
    "B51-resource_access-roles": claim(resource_access={"a": {"roles": {"b": 1}}}),
    "B52-ID-token": claim(typ="ID"),
    "B53-refresh-token": claim(typ="Refresh"),
    "B53-offline-token": claim(typ="Offline"),
    "B54-logout-token": claim(typ="Logout"),
    "B54-typ-missing": claim(typ=...),
    "B54-typ-list": claim(typ=["Bearer"]),
    "B54-typ-case": claim(typ="bearer"),
    "B55-other-client": claim(aud="account", azp="other-web"),
    "B56-cnf": claim(cnf={"jkt": "x"}),
    "B56-cnf-null": claim(cnf=None),
    "B56-DPoP": claim(typ="DPoP", cnf={"jkt": "x"}),
    "B57-act-string": claim(act="admin"),
    "B57-act-null": claim(act=None),
    "B57-act-list": claim(act=[{"sub": "bot"}]),
    "B57-act-empty": claim(act={}),
    "B57-act-sub-int": claim(act={"sub": 1}),
    "B57-act-sub-empty": claim(act={"sub": ""}),
    "B57-act-nested-string": claim(act={"sub": "bot", "act": "admin"}),
    "B57-act-nested-null": claim(act={"sub": "bot", "act": None}),
    "B57-act-iss-other": claim(act={"sub": "bot", "iss": "https://evil.example"}),
    "B57-act-iss-list": claim(act={"sub": "bot", "iss": []}),
    "B58-act-depth-6": claim(act=depth(MAX_DEPTH + 1)),
    "B58-act-depth-100": claim(act=depth(100)),
}
ACTORS = {"bot": frozenset({"*"})}


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_claims(issuer, make):
    """A claim that is missing, of a wrong type or another's is refused."""
    refusal(make(issuer), issuer.realm(actors=ACTORS))


@pytest.mark.parametrize(
    ("seconds", "leeway", "good"),
    [(-11, 10, False), (-10, 10, False), (-8, 10, True), (0, 10, True), (-1, 0, False)],
)
@pytest.mark.fault(16)
def test_expiry__boundary(issuer, seconds, leeway, good):
    """B42: a token is over when `exp` plus the leeway is reached (RFC 7519 4.1.4)."""
    now = int(time.time())
    token = issuer.token(iat=now - 100, exp=now + seconds)
    if good:
        assert validate(token, issuer.realm(), leeway=leeway).subject
    else:
        assert refusal(token, issuer.realm(), leeway=leeway) == "expired"


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_start__ten_seconds_ahead(issuer, name):
    """B43, B44: a clock ten seconds ahead is borne (FAPI 2.0 section 5.3.2.1)."""
    assert validate(shifted(name, 9)(issuer), issuer.realm(), leeway=10).subject


@pytest.mark.fault(16)
def test_leeway__has_a_limit(issuer):
    """B43: no leeway bears more than a minute."""
    refusal(shifted("nbf", 63)(issuer), issuer.realm(), leeway=10_000)
    refusal(shifted("exp", -63)(issuer), issuer.realm(), leeway=10_000)


def test_azp__not_authorised(issuer):
    """B49: where AUTHORIZED_PARTIES is set, another client's token is refused."""
    realm = issuer.realm(authorized_parties=frozenset({"shop-web"}))
    assert validate(issuer.token(), realm).subject
    refusal(issuer.token(azp="other-web"), realm)
    refusal(issuer.token(azp=...), realm)


def test_audience__one_of_many(issuer):
    """B46: one audience in common is enough."""
    assert validate(issuer.token(aud=["account", "django-app"]), issuer.realm()).subject


def test_replay__is_not_refused(issuer):
    """B59: an access token is for many requests; its `jti` is not kept."""
    token = issuer.token(jti="once")
    assert validate(token, issuer.realm()) == validate(token, issuer.realm())


@pytest.mark.fault(19)
def test_not_before__policy(issuer):
    """B60: a token from before the realm's not-before is void, remembered or not."""
    old = issuer.token(iat=int(time.time()) - 100)
    new = issuer.token()
    realm = issuer.realm()
    assert validate(old, realm).subject
    refuse_issued_before(issuer.url, int(time.time()) - 50)
    assert "not-before" in refusal(old, realm)
    assert validate(new, realm).subject
    refuse_issued_before(issuer.url, 0)
    refusal(old, realm)


def test_claims__are_read_only(issuer):
    """What one view does to the claims, the next request does not see."""
    claims: Any = validate(issuer.token(), issuer.realm()).claims
    with pytest.raises(TypeError, match="read-only"):
        claims["sub"] = "root"
    with pytest.raises(TypeError):
        claims["realm_access"].update(roles=["admin"])
    with pytest.raises(AttributeError):
        claims["realm_access"]["roles"].append("admin")
    assert json.loads(json.dumps(claims)) == claims | {
        "realm_access": {"roles": ["staff"]},
        "resource_access": {"orders-api": {"roles": ["reader"]}},
    }
    changed = copy.deepcopy(claims)
    changed["sub"] = "root"


def test_claims__repr_is_short(issuer):
    """A log line with the value holds no name and no address."""
    assert "alice" not in repr(validate(issuer.token(sub="4f"), issuer.realm()))
