"""Rows C1 to C22 and C33 to C35: whatever the token endpoint says, it is checked."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from kc_exchange import cache
from kc_exchange.exceptions import (
    UnexpectedReply,
)
from tests.servers import grants, jwt_of, replies, sends

if TYPE_CHECKING:
    from tests.servers import Act
    from tests.servers.site import Site

GOOD = json.dumps({"access_token": "x", "token_type": "Bearer"})

BODIES = {
    "C1-login-page": replies("<html>Log in</html>", kind="text/html"),
    "C2-empty": replies(""),
    "C3-null": replies("null"),
    "C3-list": replies("[]"),
    "C3-text": replies('"x"'),
    "C3-number": replies("5"),
    "C4-truncated": replies('{"access_token": "eyJhbGciOi'),
    "C5-trailing": replies(GOOD + "x"),
    "C6-duplicate": replies('{"access_token": "a", "access_token": "b"}'),
    "C7-bom": replies(b"\xef\xbb\xbf" + GOOD.encode()),
    "C8-utf-16": replies(GOOD.encode("utf-16")),
    "C9-not-utf-8": replies(b'{"access_token": "\xff\xfe"}'),
    "C10-deep": replies("[" * 60_000),
    "C10-deep-object": replies('{"a":' * 12_000),
    "C11-nan": replies('{"expires_in": NaN}'),
    "C11-infinity": replies('{"expires_in": -Infinity}'),
    "C11-huge-integer": replies('{"expires_in": ' + "9" * 5000 + "}"),
    "C12-too-long": replies(GOOD[:-1] + ', "pad": "' + "x" * 66_000 + '"}'),
    "C12-too-long-unsaid": sends(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * 200_000,
        then=lambda _: False,
    ),
    "C13-gzip-bomb": replies(
        gzip.compress(b" " * 1_000_000), 200, "Content-Encoding: gzip"
    ),
    "C13-deflate": replies(b"x", 200, "Content-Encoding: deflate"),
    "C14-text": replies(GOOD, kind="text/plain"),
    "C14-none": replies(GOOD, kind=""),
    "C14-jwt": replies(GOOD, kind="application/jwt"),
    "C22-error-in-200": replies('{"error": "invalid_grant"}'),
    "C22-token-and-error": grants({"error": "invalid_grant"}),
    "C24-not-json": replies("Bad Request", 400, kind="text/plain"),
    "C24-list": replies("[]", 400),
    "C26-404": replies("", 404),
    "C26-405": replies("", 405),
    "C26-411": replies("", 411),
    "C26-415": replies("", 415),
    "204": sends(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "206": replies(GOOD, 206),
}

MEMBERS = {
    "C15-no-token": grants(without=("access_token",)),
    "C16-empty": grants({"access_token": ""}),
    "C16-integer": grants({"access_token": 5}),
    "C16-null": grants({"access_token": None}),
    "C16-list": grants({"access_token": ["x"]}),
    "C16-crlf": grants({"access_token": "a.b.c\r\nX-Admin: yes"}),
    "C16-newline-at-end": grants({"access_token": jwt_of(sub="alice") + "\n"}),
    "C16-spaces": grants({"access_token": "a. b.c"}),
    "C16-opaque": grants({"access_token": "not-a-jwt"}),
    "C16-not-base64": grants({"access_token": "a.b.c"}),
    "C16-64-kib": grants({"access_token": "a." + "b" * 60_000 + ".c"}),
    "C17-no-type": grants(without=("token_type",)),
    "C17-mac": grants({"token_type": "mac"}),
    "C17-n-a": grants({"token_type": "N_A"}),
    "C17-dpop": grants({"token_type": "DPoP"}),
    "C17-list": grants({"token_type": ["Bearer"]}),
    "C18-missing": grants(without=("issued_token_type",)),
    "C18-refresh": grants(
        {"issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}
    ),
    "C18-unknown": grants({"issued_token_type": "x"}),
    "C19-word": grants({"expires_in": "abc"}),
    "C19-empty": grants({"expires_in": ""}),
    "C19-too-long": grants({"expires_in": 10**10}),
    "C19-half": grants({"expires_in": 0.5}),
    "C19-true": grants({"expires_in": True}),
    "C20-wider": grants({"scope": "orders:read admin"}),
    "C20-list": grants({"scope": ["orders:read"]}),
    "C20-control": grants({"scope": "orders:read\r\nx"}),
    "C20-wider-in-token": grants({}, {"scope": "orders:read admin"}),
    "C33-other-audience": grants({}, {"aud": "billing-api"}),
    "C33-more-audiences": grants({}, {"aud": ["orders-api", "billing-api"]}),
    "C33-no-audience": grants({}, {"aud": None}),
    "C33-other-user": grants({}, {"sub": "mallory"}),
    "C33-no-user": grants({}, {"sub": None}),
    "C33-other-client": grants({}, {"azp": "other-app"}),
    "C33-other-issuer": grants({}, {"iss": "https://evil.example/realms/shop"}),
    "C33-expired": grants({}, {"exp": 1_600_000_000}),
    "C33-no-expiry": grants({}, {"exp": None}),
    "C33-expiry-text": grants({}, {"exp": "soon"}),
}


@pytest.mark.parametrize("act", BODIES.values(), ids=BODIES)
def test_reply__is_none(site: Site, act: Act) -> None:
    """A body that is no reply is refused, whatever good it holds."""
    site.keycloak.acts = [act]

    site.refuses(UnexpectedReply)

    assert len(site.keycloak.asked) == 1


@pytest.mark.parametrize("act", MEMBERS.values(), ids=MEMBERS)
def test_reply__member_is_wrong(site: Site, act: Act) -> None:
    """A token other than the one that was asked for is thrown away."""
    site.keycloak.acts = [act]

    site.refuses(UnexpectedReply)

    assert len(site.keycloak.asked) == 1


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(grants({"token_type": "bearer"}), id="C17-lower-case"),
        pytest.param(grants({"expires_in": "300"}), id="C19-text"),
        pytest.param(grants(without=("expires_in",)), id="C19-missing"),
        pytest.param(grants({"expires_in": None}), id="C19-null"),
        pytest.param(grants(without=("scope",)), id="C20-missing"),
        pytest.param(grants({"scope": "orders:read email"}), id="C20-defaults"),
        pytest.param(grants({"refresh_token": "r"}), id="C21-refresh-token"),
        pytest.param(grants({}, {"aud": ["orders-api"]}), id="C33-list-of-one"),
        pytest.param(
            grants({"expires_in": 9000}, {"exp": 4_000_000_000}),
            id="C33-outlives-the-subject",
        ),
    ],
)
def test_reply__is_good(site: Site, act: Act) -> None:
    """What RFC 6749 lets a server do is accepted, and cached."""
    site.keycloak.acts = [act]

    assert site.call().status_code == 200
    assert site.call(site.subject()).status_code == 200

    assert len(cache.tokens) >= 1


def test_scope__where_none_was_asked_for(site: Site) -> None:
    """Without SCOPES the requester's own scopes decide, and all of them are taken."""
    site.orders = {"SCOPES": []}
    site.keycloak.acts = [grants({"scope": "openid orders:read admin"})]

    assert site.call().status_code == 200


def test_reply__with_charset(site: Site) -> None:
    """C14: a parameter of the content type, and its case, change nothing."""
    site.keycloak.acts = [grants(kind="Application/JSON; charset=utf-8")]

    assert site.call().status_code == 200


@pytest.mark.parametrize("seconds", [0, -1, -300])
def test_expires_in__not_positive(site: Site, seconds: int) -> None:
    """C19, pitfall 19: such a token is used once and never kept, without a loop."""
    site.keycloak.acts = [grants({"expires_in": seconds})]
    subject = site.subject()

    assert site.call(subject).status_code == 200
    assert site.call(subject).status_code == 200

    assert len(cache.tokens) == 0
    assert len(site.keycloak.asked) == 2


def test_refresh_token__is_dropped(site: Site) -> None:
    """C21: a refresh token that nobody asked for is kept nowhere."""
    site.keycloak.acts = [grants({"refresh_token": "unasked-for-refresh-token"})]
    site.call()

    entries = cache.tokens._entries.values()

    assert all("unasked" not in str(vars_of(entry.token)) for entry in entries)


def vars_of(token: object) -> dict[str, str]:
    names = ("value", "scope", "token_type", "authorization", "expires_at")
    return {name: str(getattr(token, name)) for name in names}


def test_reply__is_the_subject_token(site: Site) -> None:
    """C34: an exchange that changes nothing would hand on the user's own token."""
    subject = site.subject(aud="orders-api")
    site.keycloak.acts = [grants({"access_token": subject})]

    error = site.refuses(UnexpectedReply, subject)

    assert "is the user's own token" in error.cause


def test_reply__of_another_request(site: Site) -> None:
    """C35: Bob's token in the answer to Alice's request never reaches Alice."""
    bob = site.subject(sub="bob", aud="orders-api")
    site.keycloak.acts = [grants({"access_token": bob})]

    error = site.refuses(UnexpectedReply)

    assert "sub is not the user's" in error.cause


def test_early_hints__do_not_shift_the_replies(site: Site) -> None:
    """C35: a 103 is no reply, and what follows it is not read as the next one."""
    early = sends(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")
    site.keycloak.acts = [early, grants()]

    site.refuses(UnexpectedReply)
    assert site.call().status_code == 200

    assert site.keycloak.connections == 2
