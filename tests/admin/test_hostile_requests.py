"""What the start page does with bad requests; the numbers are those of the rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from kc_exchange.models import ImpersonationGrant
from tests.admin.office import REASON, staff

if TYPE_CHECKING:
    from tests.admin.office import Office

pytestmark = pytest.mark.django_db


def test_d01__csrf(office: Office) -> None:
    """D1: without a token, with a wrong one, with another's: refused."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(office.operator)
    other = Client(enforce_csrf_checks=True)
    other.force_login(office.operator)
    others = other.get(office.form_of()).content.decode()
    token = others.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

    for sent in ({}, {"csrfmiddlewaretoken": "x" * 64}, {"csrfmiddlewaretoken": token}):
        assert office.press_start(client=strict, **sent).status_code == 403
    strict.get(office.form_of())
    response = office.press_start(client=strict, csrfmiddlewaretoken=token)

    assert response.status_code == 403
    assert not ImpersonationGrant.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"referer": "https://evil.example/"},
        {"referer": ""},
    ],
)
def test_d02__origin(office: Office, headers: dict[str, str]) -> None:
    """D2: over https, the right token from a wrong place is refused."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(office.operator)
    page = strict.get(office.form_of(), secure=True).content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    form = {"csrfmiddlewaretoken": token, "reason": REASON, "minutes": 5}

    response = strict.post(office.form_of(), form, secure=True, headers=headers)

    assert response.status_code == 403
    assert not ImpersonationGrant.objects.exists()


@pytest.mark.parametrize(
    ("method", "status"),
    [("get", 200), ("head", 200), ("put", 405), ("patch", 405), ("delete", 405)],
)
def test_d03__other_methods(office: Office, method: str, status: int) -> None:
    """D3: a link starts nothing, whatever it says."""
    address = f"{office.form_of()}?reason={REASON}&minutes=5&mode=read-only"

    response = getattr(office.client, method)(address)

    assert response.status_code == status
    assert not ImpersonationGrant.objects.exists()


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/xml"]
)
def test_d04__not_a_form(office: Office, content_type: str) -> None:
    """D4: a body that is no form is an empty form."""
    body = json.dumps({"reason": REASON, "minutes": 5, "mode": "read-only"})

    response = office.client.post(office.form_of(), body, content_type=content_type)

    assert response.status_code == 200
    assert "This field is required." in response.content.decode()
    assert not ImpersonationGrant.objects.exists()


@pytest.mark.parametrize("size", [10_000_000])
def test_d05__ten_megabytes(office: Office, settings: Any, size: int) -> None:
    """D5: Django refuses it; where a project lets it through, the field does."""
    assert office.press_start(reason="x" * size).status_code == 400

    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    response = office.press_start(reason="x" * size)

    assert response.status_code == 200
    assert "Shorten the reason" in response.content.decode()


@pytest.mark.parametrize("name", ["reason", "ticket", "minutes", "mode"])
def test_d06__nul(office: Office, name: str) -> None:
    """D6: a NUL is a mistake in the form, not a 500."""
    response = office.press_start(**{name: "a value with \x00 in it"})

    assert response.status_code == 200
    assert "errorlist" in response.content.decode()


def test_d07__lone_surrogate(office: Office) -> None:
    """D7: as JSON it is no form; as CESU-8 in a form Django replaces it."""
    raw = b"minutes=5&mode=read-only&reason=a+good+reason+%ED%A0%80"

    response = office.client.post(
        office.form_of(), raw, content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 302
    assert "\N{REPLACEMENT CHARACTER}" in ImpersonationGrant.objects.get().reason


@pytest.mark.parametrize(
    "text", ["\u202e", "\u2066", "\u200b", "\u0301" * 50, "\uffff"]
)
def test_d08__shown_as_it_is_stored(office: Office, text: str) -> None:
    """D8: stored to the character; on the page of the grant nothing is hidden."""
    reason = f"a reason with {text} in it"
    office.press_start(reason=reason)
    office.client.post("/impersonation/end/")
    grant = ImpersonationGrant.objects.get()
    office.client.force_login(staff("rita", "view_impersonationgrant"))

    page = office.client.get(
        f"/admin/kc_exchange/impersonationgrant/{grant.pk}/change/"
    ).content.decode()

    assert grant.reason == reason
    hidden = len(text) == 1
    assert (text in page) is not hidden
    assert (f"U+{ord(text[0]):04X}" in page) is hidden


@pytest.mark.parametrize("text", ["\x1b[2J", "\x07", "\u0085"])
def test_d09__control_characters(office: Office, text: str) -> None:
    """D9: what acts on a terminal is refused in the field."""
    response = office.press_start(reason=f"a good reason {text} or not")

    assert "Remove the control characters" in response.content.decode()


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}{% if %}"],
)
def test_d10__html_in_the_form(office: Office, text: str) -> None:
    """D10: text stays text, in the form that comes back and in the banner."""
    back = office.press_start(reason=text, minutes="0").content.decode()
    office.press_start(reason=f"{text} and more")

    for page in (back, office.page()):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "49" not in page.partition("Reason")[2].partition("</dd>")[0]
