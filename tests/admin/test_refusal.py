"""The page of a request that is refused under a grant: what it says, where it leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import translation

if TYPE_CHECKING:
    from tests.admin.office import Office

pytestmark = pytest.mark.django_db

BACK = "Back to where you were"


def refused(office: Office, referer: str = "") -> str:
    """Return the page that says that a grant to read writes nothing."""
    response = office.client.post("/orders/", headers={"referer": referer})
    assert response.status_code == 403
    return response.content.decode()


def test_refusal__leads_back_to_the_page_of_the_form(office: Office) -> None:
    office.start()

    page = refused(office, "http://testserver/invoices/?page=2")

    assert f'<a href="http://testserver/invoices/?page=2">{BACK}</a>' in page
    assert "start one with mode &#x27;read and write&#x27;" in page


@pytest.mark.parametrize(
    "referer", ["", "https://elsewhere.example.com/", "javascript:alert(1)"]
)
def test_refusal__without_such_a_page_leads_to_the_start(
    office: Office, referer: str
) -> None:
    """Another site is not where they were."""
    office.set(START_URL="/first/")
    office.start()

    page = refused(office, referer)

    assert BACK not in page
    assert '<a href="/first/">Go on as <bdi>alice</bdi></a>' in page


def test_refusal__says_in_which_language_it_is(office: Office) -> None:
    """What is translated is the page's; cause and fix are English."""
    office.start()

    with translation.override("de"):
        page = refused(office)

    assert '<html lang="de">' in page
    assert '<h1 lang="en">Nothing was changed</h1>' in page
