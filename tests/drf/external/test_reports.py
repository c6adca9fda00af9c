"""No report of an error shows the token that an app sent."""

from __future__ import annotations

import json
import logging

import django
import pytest
from django.core import mail
from django.test import Client
from django.utils.log import AdminEmailHandler

from kc_exchange.drf.external import ExternalTokenSerializer
from tests.drf.external.backend import FORM, encoded, form
from tests.servers import replies

MISCONFIGURED = replies('{"error": "invalid_issuer"}', 400)
AWAY = replies("", 503)


@pytest.fixture
def reported(settings):
    """Mail reports of errors as production does, with the frames' variables."""
    settings.DEBUG = settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    address = "ops@example.com"  # since Django 6.0 without a name
    settings.ADMINS = [address if django.VERSION >= (6, 0) else ("ops", address)]
    log, handler = logging.getLogger("django.request"), AdminEmailHandler(True)
    handler.setLevel("ERROR")
    log.addHandler(handler)
    yield mail.outbox
    log.removeHandler(handler)


@pytest.mark.parametrize("middleware", ["with", "without"])
@pytest.mark.parametrize("said", [MISCONFIGURED, AWAY], ids=["500", "503"])
@pytest.mark.parametrize("kind", [FORM, "application/json"], ids=["form", "json"])
def test_mail_to_admins__has_no_token(
    keycloak, reported, settings, kind, said, middleware
):
    """Neither as what was posted, nor as a variable of a frame."""
    if middleware == "without":
        settings.MIDDLEWARE = []
    keycloak.acts = [said]
    sent = form()
    body = encoded(sent) if kind == FORM else json.dumps(sent)

    answer = Client(raise_request_exception=False).post(
        "/token", body, content_type=kind
    )

    assert answer.status_code in {500, 503}
    shown = [text for report in reported for text in texts(report)]
    assert len(shown) > 1
    for part in sent["subject_token"].split("."):
        assert not any(part in text for text in shown)


def texts(report):
    return [report.body, *(content for content, _ in report.alternatives)]


def test_serializer__shows_no_token():
    """Its validated data may end up in a report of somebody else's making."""
    sent = form()
    asked = ExternalTokenSerializer(data=sent)

    assert asked.is_valid()
    assert sent["subject_token"] not in repr(asked.validated_data)
    assert asked.validated_data["subject_token"] == sent["subject_token"]
