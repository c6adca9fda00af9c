"""A moment is shown in one form on all pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from kc_exchange.models import KeycloakIdentity
from kc_exchange.templatetags.kc_exchange import moment
from tests.admin.office import allow

if TYPE_CHECKING:
    from tests.admin.office import Office

WHEN = datetime(2026, 7, 1, 20, 26, 8, tzinfo=UTC)


def test_moment__is_that_of_whoever_looks() -> None:
    with timezone.override("Europe/Paris"):
        shown = moment(WHEN)

    assert "<span>2026-07-01</span> <span>22:26:08</span>" in shown
    assert 'datetime="2026-07-01T22:26:08+02:00"' in shown


def test_moment__without_a_zone_and_of_nothing() -> None:
    naive = moment(WHEN.replace(tzinfo=None))

    assert "<span>20:26:08</span>" in naive
    assert moment(None) == "-"


@pytest.mark.django_db
def test_pages__show_moments_alike(office: Office) -> None:
    """Lists, the page of a grant, that of a user, and the start page."""
    rights = ("view_impersonationgrant", "view_auditevent", "view_keycloakidentity")
    office.operator = allow(office.operator, *rights)
    KeycloakIdentity.objects.create(
        user=office.target, issuer="https://id.example.com", subject="s-1"
    )
    grant = office.start()
    office.client.post("/impersonation/end/")

    for address in (
        "kc_exchange/impersonationgrant/",
        f"kc_exchange/impersonationgrant/{grant.pk}/change/",
        "kc_exchange/auditevent/",
        "kc_exchange/keycloakidentity/",
        f"auth/user/{office.target.pk}/change/",
    ):
        page = office.client.get(f"/admin/{address}").content.decode()
        section = page.partition("Who acted as this person")[2] or page
        assert '<time class="kc-moment"' in section, address
        assert ".m.<" not in section, address
