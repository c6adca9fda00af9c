"""`manage.py check` names what a project forgot around impersonation."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, connections
from django.urls import include, path

from kc_exchange.admin.user_admin import extend_user_admin
from kc_exchange.checks import check_guards, check_impersonation
from tests import settings as test_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS = "kc_exchange.middleware.ImpersonationMiddleware"
TOKEN = "kc_exchange.middleware.UserTokenMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
GOOD = [SESSION, AUTH, MESSAGES, TOKEN, OURS]


def view(request: Any) -> Any:
    raise NotImplementedError


urlpatterns = [
    path("impersonation/", include("kc_exchange.urls")),
    path("password/", view, name="password"),
    path("inner/", include(([path("keys/", view, name="keys")], "inner"))),
]


def found() -> list[str]:
    messages = check_impersonation()
    assert all(message.hint for message in messages)
    return [str(message.id).removeprefix("kc_exchange.") for message in messages]


def with_(**impersonation: Any) -> dict[str, Any]:
    raw: dict[str, Any] = copy.deepcopy(test_settings.KC_EXCHANGE)
    return {**raw, "IMPERSONATION": impersonation}


@pytest.fixture(autouse=True)
def _good(settings: Any, tmp_path: Path) -> None:
    """Lay out a project that shows the banner in its base template."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = GOOD
    (tmp_path / "shop").mkdir()
    base = tmp_path / "shop/base.html"
    base.write_text("{% load kc_exchange %}{% impersonation_banner %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, "templates"]}]


@pytest.fixture(autouse=True)
def _one_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the admin sites of other tests."""
    monkeypatch.setattr("django.contrib.admin.sites.all_sites", WeakSet([admin.site]))


@pytest.fixture
def with_button() -> Iterator[None]:
    """Show users in the admin, with the button."""
    before = type(admin.site.get_model_admin(User))
    extend_user_admin(admin.site)
    yield
    admin.site.unregister(User)
    admin.site.register(User, before)


def test_check__good() -> None:
    assert found() == []


def test_check__not_in_use(settings: Any) -> None:
    """A project that only calls services hears nothing of banners."""
    settings.MIDDLEWARE = [SESSION, AUTH, MESSAGES, TOKEN]
    settings.ROOT_URLCONF = ()
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": []}]

    assert found() == []


@pytest.mark.parametrize("late", [SESSION, AUTH, MESSAGES, TOKEN])
def test_check__order(settings: Any, late: str) -> None:
    settings.MIDDLEWARE = [*(name for name in GOOD if name != late), late]

    assert found() == ["E022"]


def test_check__order_of_all(settings: Any) -> None:
    settings.MIDDLEWARE = [OURS, SESSION, AUTH, MESSAGES, TOKEN]

    assert found() == ["E022"] * 4


@pytest.mark.usefixtures("with_button")
def test_check__button_without_middleware(settings: Any) -> None:
    settings.MIDDLEWARE = [SESSION, AUTH, MESSAGES, TOKEN]

    assert found() == ["E023"]


@pytest.mark.usefixtures("with_button")
def test_check__button_with_middleware(settings: Any) -> None:
    settings.KC_EXCHANGE = with_(USER_ADMIN=True)

    assert found() == []


def test_check__setting_without_page_of_users(settings: Any) -> None:
    """As in a project that replaced the admin's page by one of its own site."""
    settings.KC_EXCHANGE = with_(USER_ADMIN=True)
    before = type(admin.site.get_model_admin(User))
    admin.site.unregister(User)
    try:
        assert found() == ["W011"]
    finally:
        admin.site.register(User, before)


def test_check__no_addresses(settings: Any) -> None:
    settings.ROOT_URLCONF = tuple(urlpatterns[1:])

    assert found() == ["E024"]


@pytest.mark.parametrize("function", ["nowhere.at_all", "kc_exchange.nothing", "x"])
def test_check__predicate(settings: Any, function: str) -> None:
    settings.KC_EXCHANGE = with_(MAY_IMPERSONATE=function)

    assert found() == ["E025"]


def test_check__no_banner(settings: Any) -> None:
    """The package's own templates show it in the admin, which does not count."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": ["templates/kc_exchange"]}]
    settings.TEMPLATES[0]["DIRS"] = []

    assert found() == ["W007"]


def test_check__banner_of_the_package_alone(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "shop/base.html").unlink()
    for name in ("kc_exchange", "admin/kc_exchange"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x.html").write_text("{% impersonation_banner %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    assert found() == ["W007"]


def test_check__idle_after_the_end(settings: Any) -> None:
    settings.KC_EXCHANGE = with_(MAX_MINUTES=30, IDLE_MINUTES=45)

    assert found() == ["W008"]


def test_check__forbidden_names(settings: Any) -> None:
    """What is written wrong protects nothing; the default names are no mistake."""
    names = ["password", "inner:keys", "inner:*", "pass*", "keys", "outer:password"]
    settings.KC_EXCHANGE = with_(FORBIDDEN_URL_NAMES=names)

    assert found() == ["W010", "W010"]


def _key(kind: Any) -> bytes:
    made: bytes = kind.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (_key(ed25519.Ed25519PrivateKey.generate()), []),
        (_key(ec.generate_private_key(ec.SECP256R1())), ["W009"]),
        (b"no key", ["W009"]),
        (None, ["W009"]),
    ],
    ids=["good", "other kind", "no key", "no file"],
)
def test_check__signing_key(
    settings: Any, tmp_path: Path, content: bytes | None, expected: list[str]
) -> None:
    key = tmp_path / "audit.pem"
    if content is not None:
        key.write_bytes(content)
    audit = {"ORIGIN": "shop.example/audit", "SIGNING_KEY": str(key)}
    settings.KC_EXCHANGE = {**with_(), "AUDIT": audit}

    assert found() == expected


def test_check__mistakes_of_the_dictionary(settings: Any) -> None:
    """They are told by the other check, once."""
    settings.KC_EXCHANGE = with_(MAX_MINUTES=0)

    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_guards__of_the_database() -> None:
    """A trigger that is gone is named; a test's SQLite has all of them."""
    assert check_guards() == []
    with connection.cursor() as cursor:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"
        cursor.execute(query)
        name, sql = cursor.fetchall()[0]
        cursor.execute(f'DROP TRIGGER "{name}"')
        try:
            messages = check_guards()
        finally:
            cursor.execute(sql)

    assert [message.id for message in messages] == ["kc_exchange.W021"]
    assert messages[0].hint


class Away:
    """A router to a database that is not there."""

    def db_for_write(self, *_model: Any, **_hints: Any) -> str:
        """Send everybody there."""
        return "away"


def test_guards__of_a_database_that_is_away(
    settings: Any, tmp_path: Path, django_db_blocker: Any
) -> None:
    """Without a database the check says that it cannot tell."""
    name = str(tmp_path / "missing/folder/db.sqlite3")
    connections.settings["away"] = {**connection.settings_dict, "NAME": name}
    settings.DATABASE_ROUTERS = [Away()]
    try:
        with django_db_blocker.unblock():
            messages = check_guards()
    finally:
        del connections["away"]
        del connections.settings["away"]

    assert [message.id for message in messages] == ["kc_exchange.W012"]
    assert "away" in messages[0].msg
