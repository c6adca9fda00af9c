"""Who at Keycloak is who in Django."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from kc_exchange.models import (
    KeycloakIdentity,
    find_identity,
    remember_identity,
    user_from_claims,
    user_of,
)
from tests.databases import close_for_good

User = get_user_model()
pytestmark = pytest.mark.django_db
ISSUER = "https://id.example.com/realms/acme"
SUBJECT = "4f1c8c1e-0001-4d5e-8a55-4a4f7e1d0001"


def claims(**changed):
    return {
        "iss": ISSUER,
        "sub": SUBJECT,
        "preferred_username": "alice",
        "email": "alice@example.com",
        "email_verified": True,
        "given_name": "Alice",
        "family_name": "Andersen",
    } | changed


def someone(**changed) -> Any:
    return user_of(claims(**changed))


def test_user_of__first_time():
    """A new subject gets a user by its own name, who cannot log in by password."""
    user = someone()
    assert (user.username, user.first_name, user.last_name) == (
        *("alice", "Alice", "Andersen"),
    )
    assert user.email == "alice@example.com"
    assert not user.has_usable_password()
    assert not user.is_staff
    identity = user.keycloak_identities.get()
    assert (identity.issuer, identity.subject) == (ISSUER, SUBJECT)
    assert str(identity) == f"{SUBJECT} of {ISSUER}"


def test_user_of__known_by_issuer_and_subject():
    """Another name, another address: still the same user, whose own are kept."""
    user = someone()
    again = someone(preferred_username="alicia", email="new@example.com")
    assert again == user
    again.refresh_from_db()
    assert again.username == "alice"


def test_user_of__same_subject_of_another_issuer():
    """A subject is somebody only together with its issuer."""
    assert someone() != someone(iss="https://other.example")


@pytest.mark.parametrize("taken", ["alice", "Alice", "ALICE"])
def test_user_of__name_is_taken(taken):
    """An account here is never handed to who calls themself so."""
    existing = User.objects.create_superuser(taken, "alice@example.com", "secret")
    user = someone()
    assert user != existing
    assert user.username == SUBJECT


def test_user_of__subject_is_taken_too():
    """Who took another's subject as a name does not keep them out."""
    User.objects.create(username="alice")
    User.objects.create(username=SUBJECT)
    user = someone()
    assert len(user.username) == 32
    assert someone() == user


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        5,
        ["alice"],
        "a" * 151,
        "a\0b",
        "\ud800",
        "a b",
        "\u202ealice",
        "\uff41lice",
    ],
)
def test_user_of__name_does_not_fit(name):
    """A name that the model refuses, or that only looks like one, is not used."""
    assert someone(preferred_username=name).username == SUBJECT


def test_user_of__subject_does_not_fit():
    """A subject of federated users has colons, which a username has not."""
    subject = "f:0c9a:alice"
    user = someone(sub=subject, preferred_username=None)
    assert user.username.isalnum()
    assert someone(sub=subject) == user


@pytest.mark.parametrize(
    "changed",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "no address"},
        {"email": None},
        {"email": "a\0@example.com"},
    ],
    ids=str,
)
def test_user_of__address_not_verified(changed):
    """An address that nobody verified is not noted."""
    assert someone(**changed).email == ""


def test_user_of__details_do_not_fit():
    """A name too long for its field is left out."""
    user = someone(given_name="A" * 200, family_name={"a": 1})
    assert (user.first_name, user.last_name) == ("", "")


def test_user_of__no_free_name():
    """Where all names are taken there is no user, and nothing is left behind."""
    name = someone(preferred_username=None, sub="a:b").username
    KeycloakIdentity.objects.all().delete()
    assert User.objects.get().username == name
    assert someone(preferred_username=name, sub="a:b") is None
    assert not KeycloakIdentity.objects.exists()


def refusing(*, claims, identity):
    """A function of a site that makes a user the database does not take."""
    return User.objects.create(username="taken")


def test_user_of__database_refuses(settings):
    """What cannot be saved says which setting helps, and breaks no transaction."""
    User.objects.create(username="taken")
    settings.KC_EXCHANGE = settings.KC_EXCHANGE | {
        "USER_FROM_CLAIMS": "tests.test_models.refusing"
    }
    with pytest.raises(ImproperlyConfigured, match="USER_FROM_CLAIMS"):
        someone()
    assert User.objects.count() == 1


def in_thread(function):
    """Run it with a connection of its own, as another request has."""

    def run():
        try:
            return function()
        finally:
            close_for_good()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(10)


def overtaken(*, claims, identity):
    """As `user_from_claims`, but another request is a little faster."""
    if identity is None:
        in_thread(lambda: winner(claims))
        return User.objects.create(username="loser")
    return user_from_claims(claims=claims, identity=identity)


def winner(claims):
    user: Any = user_from_claims(claims=claims, identity=None)
    return remember_identity(user, issuer=claims["iss"], subject=claims["sub"])


@pytest.mark.django_db(transaction=True)
def test_user_of__two_first_requests(settings):
    """Two first requests at the same time end with one user and one identity."""
    settings.KC_EXCHANGE = settings.KC_EXCHANGE | {
        "USER_FROM_CLAIMS": "tests.test_models.overtaken"
    }
    assert someone().username == "alice"
    assert (User.objects.count(), KeycloakIdentity.objects.count()) == (1, 1)


def test_seen__is_written_sparingly(django_assert_num_queries):
    """`last_seen_at` is written once an hour, not at each request."""
    someone()
    with django_assert_num_queries(1):
        someone()
    long_ago = timezone.now() - timedelta(hours=2)
    KeycloakIdentity.objects.update(last_seen_at=long_ago)
    with django_assert_num_queries(2):
        someone()
    assert KeycloakIdentity.objects.get().last_seen_at > long_ago


def test_remember_identity():
    """After a login in the browser, a token of the same subject is that user's."""
    user = User.objects.create(username="operator")
    identity = remember_identity(user, issuer=ISSUER, subject=SUBJECT)
    assert identity.user == user
    assert remember_identity(user, issuer=ISSUER, subject=SUBJECT) == identity
    assert someone() == user


def test_remember_identity__is_not_moved(caplog):
    """An identity keeps its user, whoever logs in with it later."""
    first, second = (User.objects.create(username=name) for name in ("a", "b"))
    remember_identity(first, issuer=ISSUER, subject=SUBJECT)
    assert remember_identity(second, issuer=ISSUER, subject=SUBJECT).user == first
    assert "kc_exchange.identity_kept" in caplog.text
    assert someone() == first


def test_identity__is_unique():
    """The database itself keeps a subject from being two users."""
    for name in ("a", "b"):
        user = User.objects.create(username=name)
        if name == "a":
            KeycloakIdentity.objects.create(user=user, issuer=ISSUER, subject="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        KeycloakIdentity.objects.create(user=user, issuer=ISSUER, subject="x")


def test_find_identity__minds_the_case():
    """A subject in other letters is another subject."""
    user = User.objects.create(username="a")
    remember_identity(user, issuer=ISSUER, subject="abc")
    assert find_identity(issuer=ISSUER, subject="ABC") is None


def test_user__deleted():
    """With the user goes what is known of them."""
    someone().delete()
    assert not KeycloakIdentity.objects.exists()


def test_migrations__are_complete():
    """No change of the models waits for a migration."""
    call_command("makemigrations", "kc_exchange", "--check", "--dry-run", verbosity=0)
