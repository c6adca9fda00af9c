"""The time for a whole examination: what is left is said, and no session stays."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.test import RequestFactory

from kc_exchange import conf, exchange, transport
from kc_exchange.admin.doctor_page import DoctorPage
from kc_exchange.doctor.ending import ended
from kc_exchange.models import KeycloakIdentity
from kc_exchange.tokens import SubjectToken
from tests.admin.office import staff
from tests.doctor.double import double
from tests.doctor.kinds import Kind
from tests.doctor.realms import ALICE_ID, CLINIC
from tests.doctor.test_sound import sessions
from tests.doctor.tokens import Login
from tests.doctor.world import world
from tests.real_keycloak import LEGACY
from tests.servers.acts import silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.template.response import TemplateResponse

OVER = "Not examined, because the time for all of it is over."


def test_doctor__ends_when_its_time_is_over(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """A question that is cut short is no finding about Keycloak."""
    with double(settings, keys=silent):
        settings.KC_EXCHANGE["REALMS"]["default"]["DEADLINE"] = 5.0
        started = time.monotonic()
        report = examined("--audience", "orders-api", "--timeout", "0.4")
        took = time.monotonic() - started

    assert took < 2.5
    unknown = {f["about"]: f["cause"] for f in report["findings"] if f["state"] != "ok"}
    assert unknown == {
        "realm default": OVER,
        "the user's token": OVER,
        "downstream orders-api": OVER,
    }
    assert report["exit_code"] == 0
    assert report["verdict"] == "3 not examined, 1 as it should be."


def test_doctor__that_has_time_says_nothing_of_it(
    settings: Any, examined: Callable[..., Any]
) -> None:
    with double(settings):
        report = examined("--audience", "orders-api", "--timeout", "60")

    assert OVER not in str(report)


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan"])
def test_timeout__is_a_number_of_seconds(seconds: str) -> None:
    with pytest.raises(CommandError, match="no number of seconds above 0"):
        call_command("kc_exchange", "doctor", f"--timeout={seconds}")


class Hasty(DoctorPage):
    """The page, with less time."""

    seconds = 0.4


@pytest.mark.django_db
def test_page__answers_before_the_server_gives_up(settings: Any) -> None:
    """What was found until then is shown, and what is left is said."""
    settings.ROOT_URLCONF = "tests.admin.office"
    with double(settings, keys=silent):
        settings.KC_EXCHANGE["REALMS"]["default"]["DEADLINE"] = 5.0
        request = RequestFactory().post("/", {"downstream": "orders-api"})
        request.user = staff("dora", "run_doctor")
        shown_by = admin.site._registry[KeycloakIdentity]
        started = time.monotonic()
        response = cast("TemplateResponse", Hasty(shown_by, request).response())
        took = time.monotonic() - started

    assert response.context_data is not None
    assert OVER in str(response.context_data["groups"])
    assert took < 2.5
    assert DoctorPage.seconds < 30


def test_session__is_ended_though_the_time_is_over(partner: str, settings: Any) -> None:
    """What was begun is ended, whatever that takes."""
    with world(Kind(LEGACY, real=False), partner) as sound:
        settings.KC_EXCHANGE = sound.settings()
        realm = conf.current().realm("default")
        operator = SubjectToken(value=Login(user="olga").obtain(sound))
        begun = exchange.impersonate(operator, ALICE_ID, realm)
        assert sessions(sound, CLINIC, "alice") == 1

        with transport.within(0.0):
            failures = ended(begun.id_token, begun.token, realm)

        assert failures == []
        assert sessions(sound, CLINIC, "alice") == 0
