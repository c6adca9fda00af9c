"""The endpoint where a mobile app brings a provider's token."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

import pytest
from django.test import Client

from tests.drf.external.backend import FORM, ISSUER, URIS, encoded, form
from tests.servers import jwt_of, replies


def post(data, where="/token", *, as_json=False):
    if as_json:
        return Client().post(where, json.dumps(data), content_type="application/json")
    return Client().post(where, data=encoded(data), content_type=FORM)


@pytest.mark.parametrize("as_json", [False, True], ids=["form", "json"])
def test_endpoint__answers_as_rfc_8693_says(keycloak, as_json):
    """No cookie, no cache, and nothing but the access token."""
    answer = post(form(), as_json=as_json)

    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {
        "access_token", "issued_token_type", "token_type", "expires_in",
    }  # fmt: skip
    assert body["issued_token_type"] == f"{URIS}access_token"
    assert body["token_type"] == "Bearer"
    assert 290 <= body["expires_in"] <= 300
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    (asked,) = keycloak.asked
    assert "scope" not in asked.form


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"subject_token": None}, "subject_token"),
        ({"subject_token": ""}, "subject_token"),
        ({"subject_token": "x" * 20_001}, "subject_token"),
        ({"subject_token_type": None}, "subject_token_type"),
        ({"subject_token_type": f"{URIS}refresh_token"}, "subject_token_type"),
        ({"subject_token_type": "id_token"}, "subject_token_type"),
        ({"subject_token_type": f"{URIS}access_token"}, f"{URIS}id_token"),
        ({"subject_token_type": f"{URIS}jwt"}, f"{URIS}id_token"),
        ({"subject_issuer": None}, "subject_issuer"),
        ({"subject_issuer": "other"}, "subject_issuer"),
        ({"subject_issuer": "nobody"}, "subject_issuer"),
    ],
)
def test_endpoint__names_what_is_wrong(keycloak, changes, names):
    """Also an issuer that is configured, but not for this endpoint."""
    answer = post(form(**changes))

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert names in answer.json()["error_description"]
    assert keycloak.requests == []


def test_endpoint__without_issuers_takes_nothing(keycloak):
    assert post(form(), "/closed").status_code == 400
    assert keycloak.requests == []


def test_endpoint__is_for_posts(keycloak):
    """A token in a query would be in logs."""
    answer = Client().get("/token", form())

    assert answer.status_code == 405
    assert keycloak.requests == []


def test_endpoint__asks_for_no_csrf_token(keycloak):
    """An app has no cookie, and none is looked at."""
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/token", encoded(form()), content_type=FORM)

    assert answer.status_code == 200


OTHERS = jwt_of(iss=ISSUER, aud="their-app", exp=int(time.time()) + 3600)


def test_endpoint__of_another_apps_token(keycloak):
    """Whoever runs another app learns nothing of why."""
    answer = post(form(subject_token=OTHERS))

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert keycloak.requests == []
    assert OTHERS not in answer.content.decode()


SAID = [
    ("invalid_token", "invalid token", 400, 400, "invalid_grant"),
    ("invalid_token", "User already exists", 400, 403, "access_denied"),
    ("", "", 503, 503, "temporarily_unavailable"),
]


@pytest.mark.parametrize(("error", "text", "status", "answered", "code"), SAID)
def test_endpoint__says_who_must_act(keycloak, error, text, status, answered, code):
    """The app's user, an administrator, or nobody: then it tries again."""
    body = json.dumps({"error": error, "error_description": text})
    keycloak.acts = [replies(body, status)]

    answer = post(form())

    assert answer.status_code == answered
    assert answer.json()["error"] == code
    assert ("Retry-After" in answer) == (answered == 503)


@contextmanager
def raised(settings):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    yield Client(raise_request_exception=False)


def test_endpoint__misconfigured(keycloak, settings, caplog):
    """That is for the log and those who read it, not for the app."""
    body = '{"error": "invalid_issuer", "error_description": "Invalid subject_issuer"}'
    keycloak.acts = [replies(body, 400)]
    sent = form()

    with raised(settings) as client:
        answer = client.post("/token", encoded(sent), content_type=FORM)

    assert answer.status_code == 500
    assert "no identity provider partner" in caplog.text
    for text in (answer.content.decode(), caplog.text):
        assert sent["subject_token"] not in text
        assert sent["subject_token"].rpartition(".")[2] not in text
