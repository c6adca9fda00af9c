"""How often an app, and a token, may come."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import include, path

from kc_exchange.checks import check_throttling
from kc_exchange.drf import ExternalTokenView
from kc_exchange.drf.throttling import SubjectTokenThrottle
from tests.drf.external.backend import FORM, encoded, form, id_token

BY_ADDRESS, BY_TOKEN = 60, 6
LIMIT = {
    "error": "temporarily_unavailable",
    "error_description": "Too many requests. Try again later.",
}


class Ours(ExternalTokenView):
    """A project's own, which nothing throttles."""

    throttle_classes = ()


urlpatterns = [
    path("free", ExternalTokenView.as_view(throttle_classes=[])),
    path("api/", include([path("ours", Ours.as_view())])),
    path("usual", ExternalTokenView.as_view()),
]


def post(sent, address="203.0.113.1", **headers):
    client = Client(REMOTE_ADDR=address, headers=headers)
    return client.post("/token", encoded(sent), content_type=FORM)


def statuses(times, sent, *address):
    return [post(sent, *address).status_code for _ in range(times)]


def test_replay__begins_few_sessions(keycloak):
    """From wherever it comes: each would begin one, and lasts to its idle limit."""
    sent = form()

    assert statuses(BY_TOKEN, sent) == [200] * BY_TOKEN
    answer = post(sent, "203.0.113.2")

    assert answer.status_code == 429
    assert answer.json() == LIMIT
    assert 0 < int(answer["Retry-After"]) <= 60
    assert len(keycloak.asked) == BY_TOKEN
    assert post(form(subject_token=id_token(jti="2"))).status_code == 200


def test_address__asks_keycloak_so_often(keycloak):
    """Whatever it sends: who forges tokens has a new one each time."""
    assert statuses(BY_ADDRESS, {}) == [400] * BY_ADDRESS

    assert post(form()).status_code == 429
    assert keycloak.requests == []
    assert post(form(), "203.0.113.2").status_code == 200


@pytest.mark.parametrize(("proxies", "status"), [(0, 429), (1, 200)])
def test_address__behind_as_many_proxies_as_the_settings_say(
    keycloak, settings, proxies, status
):
    """A header that no proxy of ours wrote is not believed."""
    settings.REST_FRAMEWORK = {"NUM_PROXIES": proxies}
    statuses(BY_ADDRESS, {})

    answer = post(form(), **{"X-Forwarded-For": "198.51.100.9" * 100})

    assert answer.status_code == status


@pytest.mark.parametrize(("rate", "last"), [("1/min", 429), (None, 200)])
def test_rates__are_the_projects(keycloak, settings, rate, last):
    rates = {"kc_exchange_address": rate, "kc_exchange_subject_token": None}
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": rates}

    assert statuses(BY_TOKEN + 1, form())[-1] == last


@pytest.mark.parametrize("body", ["[1]", '{"subject_token": 7}', "7", "{"])
def test_malformed__is_counted_and_refused(keycloak, body):
    answer = Client().post("/token", body, content_type="application/json")

    assert answer.status_code == 400
    assert keycloak.requests == []


def test_key__is_short_and_shows_nothing(keycloak):
    """The cache may be others' to read, and may take no long keys."""
    token = id_token(groups="g" * 4000)

    key = SubjectTokenThrottle().key_of(token)

    assert len(key) < 200
    assert not any(part in key for part in token.split("."))


def found():
    return [(str(m.id).removeprefix("kc_exchange."), m.msg) for m in check_throttling()]


def test_check__where_the_view_is_not_used(settings):
    settings.ROOT_URLCONF = "tests.drf.api"

    assert found() == []


def test_check__throttled(keycloak, settings):
    settings.REST_FRAMEWORK = {"NUM_PROXIES": 0}

    assert found() == []


def test_check__says_what_throttles_nobody(settings):
    settings.ROOT_URLCONF = __name__

    first, second, third = found()

    assert (first[0], second[0], third[0]) == ("W027", "W027", "W028")
    assert "'free'" in first[1]
    assert "'api/ours'" in second[1]
    assert "NUM_PROXIES" in third[1]
