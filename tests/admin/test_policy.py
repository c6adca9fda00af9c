"""The pages are clean under a content security policy of `default-src 'self'`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.admin.office import allow, person

if TYPE_CHECKING:
    from tests.admin.office import Office

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE
)
ELSEWHERE = re.compile(r'(?:src|href|action)="(?:https?:)?//', re.IGNORECASE)


def test_pages__have_nothing_inline_and_nothing_from_elsewhere(office: Office) -> None:
    office.operator = allow(
        office.operator, "view_impersonationgrant", "view_auditevent", "change_user"
    )
    root = person("root", is_superuser=True)
    pages = [
        office.form_of(),
        office.form_of(root),
        "/admin/auth/user/",
        f"/admin/auth/user/{office.target.pk}/change/",
    ]
    before = {page: office.client.get(page) for page in pages}
    before["sent back"] = office.press_start(reason="x")
    grant = office.start()
    event = office.events()[0].pk
    record = "/admin/kc_exchange"
    pages += [
        "/orders/",
        f"{record}/impersonationgrant/",
        f"{record}/impersonationgrant/{grant.pk}/change/",
        f"{record}/auditevent/",
        f"{record}/auditevent/{event}/change/",
    ]
    during = {page: office.client.get(page) for page in pages}
    during["refused"] = office.client.post("/orders/")

    for name, response in [*before.items(), *during.items()]:
        page = response.content.decode()
        assert "<title" in page, name
        assert not INLINE.findall(page), name
        assert not ELSEWHERE.findall(page), name


@pytest.mark.parametrize("name", ["impersonation.js", "impersonation.css", "error.css"])
def test_static_files__ask_nobody(name: str) -> None:
    """Neither a font, nor a picture, nor a script of somebody else's; nothing kept."""
    text = (ROOT / "kc_exchange/static/kc_exchange" / name).read_text()

    for word in ("http:", "https:", "url(", "@import", "fetch(", "Storage", "eval("):
        assert word not in text


def test_page__with_login_required(office: Office) -> None:
    """LoginRequiredMiddleware changes nothing of the admin's pages."""
    before = "django.contrib.auth.middleware.AuthenticationMiddleware"
    middleware = list(office.settings.MIDDLEWARE)
    middleware.insert(
        middleware.index(before) + 1,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    )
    office.settings.MIDDLEWARE = middleware

    assert office.client.get(office.form_of()).status_code == 200
    assert office.press_start().status_code == 302
    assert office.whoami() == "alice"
