"""Rows C23 to C26: what the token endpoint refuses, and what is sent to it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from kc_exchange.exceptions import (
    ClientAuthFailed,
    ExchangeDenied,
    ExchangeError,
    ExchangeMisconfigured,
    SubjectTokenExpired,
    UnexpectedReply,
)
from kc_exchange.tokens import unverified_claims
from tests.servers import http, replies

if TYPE_CHECKING:
    from tests.servers.site import Site


REFUSED: dict[str, tuple[int, str, type[ExchangeError]]] = {
    "C23-invalid_grant": (400, "invalid_grant", SubjectTokenExpired),
    "C23-invalid_target": (400, "invalid_target", ExchangeMisconfigured),
    "C23-invalid_scope": (400, "invalid_scope", ExchangeMisconfigured),
    "C23-invalid_client": (401, "invalid_client", ClientAuthFailed),
    "C23-unauthorized_client": (403, "unauthorized_client", ClientAuthFailed),
    "C23-unsupported": (400, "unsupported_grant_type", ExchangeMisconfigured),
    "C23-access_denied": (403, "access_denied", ExchangeDenied),
    "C23-policy": (400, "some_policy", ExchangeDenied),
}


@pytest.mark.parametrize(("status", "error", "kind"), REFUSED.values(), ids=REFUSED)
def test_refusal__is_typed(
    site: Site, status: int, error: str, kind: type[ExchangeError]
) -> None:
    """Each code of RFC 6749 and RFC 8693 has its class, and is not repeated."""
    site.keycloak.acts = [replies(json.dumps({"error": error}), status)]

    refused = site.refuses(kind)

    asked = 1
    assert len(site.keycloak.asked) == asked
    if kind is not SubjectTokenExpired:
        assert refused.error == error
        assert refused.status == status


def test_description__hostile(site: Site) -> None:
    """C25: markup, escapes, length and a repeated token are cut to harmless text."""
    subject = site.subject()
    said = f"<b>\x1b[2J\r\nfake: line\u2028 {subject} " + "x" * 10_000
    body = json.dumps({"error": "invalid_scope", "error_description": said})
    site.keycloak.acts = [replies(body, 400)]

    error = site.refuses(ExchangeMisconfigured, subject)

    assert error.description.startswith("<b>\ufffd[2J\ufffd\ufffdfake: line\ufffd ***")
    assert len(error.description) == 300
    assert "\n" not in str(error)


def test_description__not_text(site: Site) -> None:
    """C25: an error and a description of another type count as none."""
    body = '{"error": ["invalid_scope"], "error_description": {"a": 1}}'
    site.keycloak.acts = [replies(body, 400)]

    assert site.refuses(UnexpectedReply).error == ""


def test_sent_form__is_that_of_rfc_8693(site: Site) -> None:
    """What is sent, to the letter; the secret in the header alone."""
    subject = site.subject()
    site.call(subject)

    seen = site.keycloak.asked[0]
    assert list(seen.form.items()) == [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", "orders-api"),
        ("scope", "orders:read"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token", subject),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ]
    assert seen.headers["accept-encoding"] == "identity"
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen.headers["authorization"].startswith("Basic ")


def test_exchanged_token__is_what_the_downstream_gets(site: Site) -> None:
    """The downstream never sees the subject token (pitfall 16)."""
    subject = site.subject()
    started = time.time()
    site.call(subject)

    (sent,) = site.downstream.tokens
    assert sent != subject
    assert unverified_claims(sent)["aud"] == "orders-api"
    assert unverified_claims(sent)["exp"] > started


def test_http__writes_one_reply() -> None:
    """The test's own bytes are HTTP."""
    assert http("{}", 400, "X: y") == (
        b"HTTP/1.1 400 Whatever\r\nContent-Type: application/json\r\n"
        b"Content-Length: 2\r\nX: y\r\n\r\n{}"
    )
