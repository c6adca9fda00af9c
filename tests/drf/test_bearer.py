"""Rows A1 to A27: what a view answers to the ways a token can be sent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

if TYPE_CHECKING:
    from kc_exchange.testing import EmbeddedKeycloak

MALFORMED = {
    "A2-scheme-alone": "Bearer",
    "A3-scheme-and-space": "Bearer ",
    "A5-two-spaces": "Bearer  TOKEN",
    "A5-tab": "Bearer\tTOKEN",
    "A6-two-words": "Bearer TOKEN TOKEN",
    "A7-trailing-comma": "Bearer TOKEN,",
    "A7-two-credentials": "Bearer TOKEN, Bearer TOKEN",
    "A8-two-headers": "Bearer TOKEN,Bearer TOKEN",
    "A8-basic-and-bearer": "Basic YWxpY2U6eA==,Bearer TOKEN",
    "A17-no-space": "BearerTOKEN",
    "A18-latin-1": "Bearer TOKEN\xe9",
    "A19-NUL": "Bearer TOKEN\0",
    "A19-CR": "Bearer TOKEN\r",
    "A19-LF": "Bearer TOKEN\n",
    "A19-obs-fold": "Bearer\r\n TOKEN",
    "A20-quoted": 'Bearer "TOKEN"',
    "A21-base64": "Bearer eyJ+bGci/OiJS.e30.c2ln",
    "A22-over-8-KiB": "Bearer " + "a" * (8 * 1024 + 1),
    "A23-one-megabyte": "Bearer " + "a" * 2**20,
    "A24-empty-segments": "Bearer ..",
    "A25-escaped-dots": "Bearer e30%2Ee30%2Ec2ln",
}
UNSAID = {
    "A1-no-header": None,
    "A1-empty-header": "",
    "A15-basic": "Basic YWxpY2U6c2VjcmV0",
    "A16-DPoP": "DPoP eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
}


def refused(response, status, error):
    """Answered with that error, and without a word on the cause."""
    assert response.status_code == status
    challenge = response["WWW-Authenticate"]
    assert challenge.startswith(f'Bearer realm="api", error="{error}", ')
    assert response.json().keys() == {"detail"}
    assert not get_user_model().objects.exists()
    return challenge, response.json()["detail"]


@pytest.mark.parametrize("header", UNSAID.values(), ids=UNSAID)
def test_bearer__none(keycloak, call, header):
    """Without a bearer token the challenge names no error (RFC 6750 section 3.1)."""
    response = call("/me", header=header)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
def test_bearer__malformed(token, call, header):
    """A header that is no single bearer token is a 400 with `invalid_request`."""
    refused(call("/me", header=header.replace("TOKEN", token)), 400, "invalid_request")


def test_bearer__malformed_never_falls_back_to_the_session(token, call):
    """A broken header does not make the request somebody else's."""
    browser = Client()
    browser.force_login(get_user_model().objects.create(username="session"))
    response = call("/bearer-first", header=f"Bearer {token},", client=browser)
    assert response.status_code == 400
    assert call("/bearer-first", client=browser).json()["user"] == "session"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEaReR"])
def test_bearer__scheme_in_any_case(token, call, scheme):
    """A4: the scheme is one word in whatever case (RFC 9110 section 11.1)."""
    assert call("/me", header=f"{scheme} {token}").status_code == 200


def test_bearer__header_and_query(token, call):
    """A9: a token in the header and in the query is a 400."""
    refused(call(f"/me?access_token={token}", token), 400, "invalid_request")


def test_bearer__header_and_form(token, call):
    """A10: a token in the header and in the form is a 400."""
    response = call(
        "/me",
        token,
        method="post",
        data=f"access_token={token}",
        content_type="application/x-www-form-urlencoded",
    )
    refused(response, 400, "invalid_request")


@pytest.mark.parametrize("times", [1, 2], ids=["A12", "A11"])
def test_bearer__query_alone(token, call, caplog, times):
    """A11, A12: a token in the query is read by nobody, and logged by nobody."""
    query = "&".join([f"access_token={token}"] * times)
    with caplog.at_level(logging.DEBUG, "kc_exchange"):
        response = call(f"/me?{query}")
    assert response.status_code == 401
    assert "error" not in response["WWW-Authenticate"]
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("kc_exchange")]
    assert token not in "".join(ours)


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("get", "application/x-www-form-urlencoded"),
        ("post", "application/x-www-form-urlencoded"),
        ("post", "multipart/form-data; boundary=x"),
    ],
    ids=["A13-GET", "A10-POST", "A14-multipart"],
)
def test_bearer__form_alone(token, call, method, kind):
    """A13, A14: a token in a body is read by nobody."""
    body = f"access_token={token}"
    if kind.startswith("multipart"):
        head = 'Content-Disposition: form-data; name="access_token"'
        body = f"--x\r\n{head}\r\n\r\n{token}\r\n--x--\r\n"
    response = Client().generic(method.upper(), "/me", body, content_type=kind)
    assert response.status_code == 401
    assert "error" not in response["WWW-Authenticate"]


def test_bearer__cookie(token, call):
    """A26: a token in a cookie is ignored."""
    browser = Client()
    for name in ("access_token", "Authorization"):
        browser.cookies[name] = token
    assert call("/me", client=browser).status_code == 401


@pytest.mark.parametrize(
    "name",
    ["HTTP_X_FORWARDED_AUTHORIZATION", "HTTP_X_AUTHORIZATION", "AUTHORIZATION"],
)
def test_bearer__other_headers(token, call, name):
    """A27: what a proxy may have passed on is ignored."""
    assert call("/me", **{name: f"Bearer {token}"}).status_code == 401


def test_bearer__body_is_left_to_the_view(token, call):
    """To look for a second token does not take the body away."""
    for kind, body, data in (
        ("application/json", '{"a": 1}', {"a": 1}),
        ("application/x-www-form-urlencoded", "a=1", {"a": "1"}),
    ):
        response = call("/me", token, method="post", data=body, content_type=kind)
        assert response.json() == {"data": data}


def test_bearer__every_refusal_is_the_same(keycloak: EmbeddedKeycloak, token, call):
    """Expired, forged, foreign or of another kind: the sender learns one thing."""
    realm = keycloak.realms[0]
    claims = {"iss": keycloak.issuer(realm), "sub": "x", "aud": "account"}
    bad = [
        keycloak.expired_token(realm, "alice", client_id="django-app"),
        token[:-6] + "AAAAAA",
        keycloak.sign(realm, claims),
        keycloak.sign(realm, claims | {"typ": "ID", "iat": 1, "exp": 2**33}),
        keycloak.sign(realm, claims | {"iss": "https://evil.example"}),
        "e30.e30.e30",
        "abc",
    ]
    answers = {refused(call("/me", t), 401, "invalid_token") for t in bad}
    assert len(answers) == 1
