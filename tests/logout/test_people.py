"""What happens to people here reaches the tokens that were exchanged for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import authenticate, get_user_model, logout
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from kc_exchange.logout import forget_user, receivers
from kc_exchange.models import KeycloakLogin
from tests.logout.conftest import kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from tests.logout.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_commit(django_capture_on_commit_callbacks: Any) -> Callable[[], Any]:
    """Return what runs callbacks, where the test case would never commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def deactivate(user: Any) -> None:
    user.is_active = False
    user.save()


def deactivate_alone(user: Any) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


def set_password(user: Any) -> None:
    user.set_password("second-password")
    user.save()


def set_password_alone(user: Any) -> None:
    user.set_password("second-password")
    user.save(update_fields=["password"])


def delete(user: Any) -> None:
    user.delete()


def delete_many(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).delete()


def unlink(user: Any) -> None:
    user.keycloak_identities.all().delete()


def tell(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    forget_user(user)


@pytest.mark.parametrize(
    "change",
    [
        deactivate,
        deactivate_alone,
        set_password,
        set_password_alone,
        delete,
        delete_many,
        unlink,
        tell,
    ],
)
def test_person__is_shut_out(
    shop: Shop, at_commit: Any, change: Callable[[Any], None]
) -> None:
    """All of their tokens are obtained anew, if Keycloak still gives any."""
    alice = shop.person("alice")
    logins = [kept(shop.login(alice)) for _ in range(2)]
    for tokens in logins:
        shop.is_kept(tokens)
        assert shop.is_kept(tokens)

    with at_commit():
        change(alice)

    assert [shop.is_kept(tokens) for tokens in logins] == [False, False]


@pytest.mark.parametrize("change", [deactivate, set_password, delete, tell])
def test_person__without_an_identity(
    shop: Shop, at_commit: Any, change: Callable[[Any], None]
) -> None:
    """A login that the site made by itself, and kept by `capture.keep` alone."""
    alice = get_user_model().objects.create_user("alice", password="first-password")
    other = get_user_model().objects.create_user("olga")
    logins = [kept(shop.login(user)) for user in (alice, other)]
    for tokens in logins:
        shop.is_kept(tokens)
    assert not alice.keycloak_identities.exists()

    with at_commit():
        change(alice)

    assert [shop.is_kept(tokens) for tokens in logins] == [False, True]


def test_person__before_the_commit(shop: Shop) -> None:
    """Before, another process would take the user for good, and obtain one anew."""
    alice = shop.person("alice")
    tokens = kept(shop.login(alice))
    shop.is_kept(tokens)

    deactivate(alice)

    assert shop.is_kept(tokens)


def rename(user: Any) -> None:
    user.first_name = "Alice"
    user.save()


def log_in_with_an_old_hash(user: Any) -> None:
    user.password = make_password("first-password", hasher="pbkdf2_sha256")
    user.save()
    assert authenticate(username="alice", password="first-password")


def save_inactive_name(user: Any) -> None:
    user.is_active = False
    user.save(update_fields=["first_name"])


def make_somebody(user: Any) -> None:
    get_user_model().objects.create_user("somebody", password="x", is_active=False)


@pytest.mark.parametrize(
    "change", [rename, log_in_with_an_old_hash, save_inactive_name, make_somebody]
)
def test_person__goes_on(
    shop: Shop, at_commit: Any, change: Callable[[Any], None], settings: Any
) -> None:
    """What shuts nobody out forgets nothing: a better hash is no new password."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    alice = shop.person("alice")
    tokens = kept(shop.login(alice))
    shop.is_kept(tokens)

    with at_commit():
        change(alice)

    assert shop.is_kept(tokens)


def test_person__of_a_model_of_another_kind(shop: Shop, at_commit: Any) -> None:
    """One that is no AbstractBaseUser, and has neither a flag nor a password."""
    alice = shop.person("alice")
    tokens = kept(shop.login(alice))
    shop.is_kept(tokens)

    with at_commit():
        receivers.saved(instance=SimpleNamespace(pk=alice.pk), created=False)
    assert shop.is_kept(tokens)
    with at_commit():
        inactive = SimpleNamespace(pk=alice.pk, is_active=False)
        receivers.saved(instance=inactive, created=False)
    assert not shop.is_kept(tokens)


def test_logout__reaches_the_sessions_tokens(shop: Shop) -> None:
    """Those of this login, before the session is emptied, and what is noted of it."""
    alice = shop.person("alice")
    browser = shop.login(alice)
    tokens = kept(browser)
    shop.is_kept(tokens)
    assert KeycloakLogin.objects.count() == 1

    browser.logout()

    assert not shop.is_kept(tokens)
    assert not KeycloakLogin.objects.exists()


def test_logout__of_nobody(client: Client) -> None:
    """A session without a login has nothing to forget."""
    request = HttpRequest()
    request.session = client.session
    logout(request)
