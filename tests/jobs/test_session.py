"""A job calls for its user as long as they are logged in, and for nobody else."""

from __future__ import annotations

import asyncio
import pickle
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import Client

from kc_exchange import (
    acting_for,
    cache,
    downstream_client,
    downstream_session,
    exchange,
)
from kc_exchange.capture import newest
from kc_exchange.capture.session import ITEM, sealed_anew
from kc_exchange.capture.session_age import ends_at
from kc_exchange.context import bind, bound_subject
from kc_exchange.exceptions import ExchangeUnavailable, NoSubjectToken, SubjectGone
from kc_exchange.sources import FixedSubject
from kc_exchange.tokens import SubjectToken, unverified_claims
from tests.impersonation.realm_desk import log_in, tokens_of
from tests.jobs.works import REALM, Works, call, tokens_kept

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def test_job__calls_for_its_user(works: Works) -> None:
    """The service gets a token for itself alone, of whoever started the job."""
    assert call(works.reference()) == 200

    claims = unverified_claims(works.service.tokens[-1])
    subject = unverified_claims(works.secrets()[0])
    assert claims["sub"] == subject["sub"]
    assert claims["aud"] == "orders-api"


def test_job__shares_the_cache_with_requests(works: Works) -> None:
    """Two jobs of one login make one exchange."""
    call(works.reference())
    call(works.reference())

    works.keycloak.assert_exchanged_once(audience="orders-api")


@pytest.mark.usefixtures("works")
def test_job__outside_of_the_block_is_nobodys() -> None:
    """Without a reference there is no user, and no call."""
    with downstream_session("orders-api") as session, pytest.raises(NoSubjectToken):
        session.get("v1")


def test_job__never_calls_for_whom_the_worker_is(works: Works) -> None:
    """Who was bound before is not asked, not even when the user is gone."""
    ambient = FixedSubject(SubjectToken(value=works.secrets()[0]))
    reference = works.reference()
    works.client.logout()

    with bind(ambient):
        with pytest.raises(SubjectGone):
            call(reference)
        assert bound_subject() is ambient

    assert works.service.requests == []


def other_password(works: Works) -> None:
    works.user.set_password("another")
    works.user.save()


def deactivated(works: Works) -> None:
    works.user.is_active = False
    works.user.save()


def logged_in_anew(works: Works) -> None:
    log_in(works.client, works.user, tokens_of(works.keycloak, "alice"))


def another_in_the_session(works: Works) -> None:
    other = get_user_model().objects.create(username="bob")
    session = works.session()
    session["_auth_user_id"] = str(other.pk)
    session["_auth_user_hash"] = other.get_session_auth_hash()
    session.save()


def tokens_forgotten(works: Works) -> None:
    session = works.session()
    del session[ITEM]
    session.save()


def backend_removed(works: Works) -> None:
    session = works.session()
    session["_auth_user_backend"] = "no.such.Backend"
    session.save()


def another_key(works: Works) -> None:
    session = works.session()
    session.cycle_key()
    session.save()


def over_at_keycloak(works: Works) -> None:
    works.keycloak.logout(REALM, "alice")


def disabled_at_keycloak(works: Works) -> None:
    works.keycloak.set_user_enabled("alice", enabled=False)


GOES = [
    (lambda works: works.client.logout(), "logged out"),
    (lambda works: works.session().delete(), "logged out"),
    (other_password, "new password"),
    (deactivated, "deactivated"),
    (lambda works: works.user.delete(), "deleted"),
    (logged_in_anew, "logged in anew|logged out"),
    (another_in_the_session, "left their session"),
    (tokens_forgotten, "keeps no tokens"),
    (backend_removed, "deactivated"),
    (another_key, "got another key"),
    (over_at_keycloak, "Keycloak does not accept the login"),
    (disabled_at_keycloak, "Keycloak does not accept the login"),
]


@pytest.mark.parametrize(("goes", "said"), GOES)
def test_job__of_whom_is_gone(
    works: Works, goes: Callable[[Works], object], said: str
) -> None:
    """A clear error that says not to try again; the service is not called."""
    reference = works.reference()
    goes(works)

    with pytest.raises(SubjectGone, match=said) as caught:
        call(reference)

    assert works.service.requests == []
    assert caught.value.http_status == 401
    assert "Do not try again" in caught.value.fix
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301
    assert "eyJ" not in str(caught.value)


@pytest.mark.parametrize(("goes", "said"), GOES[:6])
def test_job__that_runs_while_the_user_goes(
    works: Works, goes: Callable[[Works], object], said: str
) -> None:
    """The next call is not made, though its token lies in the cache."""
    reference = works.reference()
    with acting_for(reference), downstream_session("orders-api") as session:
        session.get("v1")
        goes(works)
        with pytest.raises(SubjectGone, match=said):
            session.get("v1")

    assert len(works.service.requests) == 1


@pytest.mark.parametrize("name", ["own", "forwarded", "orders-api"])
def test_job__of_whom_is_gone_calls_by_no_strategy(works: Works, name: str) -> None:
    """A job whose user is gone does not go on as a service account either."""
    reference = works.reference()
    works.client.logout()

    with (
        acting_for(reference),
        downstream_session(name) as session,
        pytest.raises(SubjectGone),
    ):
        session.get("v1")

    assert works.service.requests == []


def test_job__changes_no_session(works: Works) -> None:
    """A session that does not stand any more is left as it is: Django ends it."""
    reference = works.reference()
    other_password(works)
    before = dict(works.session().items())
    with pytest.raises(SubjectGone):
        call(reference)

    assert dict(works.session().items()) == before


def test_session_hash__of_an_older_key_still_holds(works: Works, settings: Any) -> None:
    """Django's fallbacks of SECRET_KEY count here too, and the key is not cycled."""
    reference, old = works.reference(), settings.SECRET_KEY
    settings.SECRET_KEY = "another-0123456789abcdefghijklmnopqrstuvwxyz"
    settings.SECRET_KEY_FALLBACKS = [old]

    assert call(reference) == 200
    assert call(reference) == 200


def expire(works: Works) -> None:
    """Let what was issued before be over."""
    session = works.session()
    kept = replace(tokens_kept(session), expires_at=time.time() - 1)
    session[ITEM] = sealed_anew(session.session_key, kept).sealed
    session.save()
    cache.tokens.clear()


def test_token__that_is_over_is_renewed_and_written_back(works: Works) -> None:
    """Requests and other workers find the new one, and the session ends no later."""
    reference = works.reference()
    expire(works)
    before, ends = tokens_kept(works.session()), ends_at(works.session(), None)

    assert call(reference) == 200

    newest._entries.clear()  # as another process
    after = tokens_kept(works.session())
    assert after.access_token != before.access_token
    assert after.expires_at > time.time()
    assert ends_at(works.session(), None) - ends < timedelta(seconds=2)
    assert call(reference) == 200
    assert call(works.reference()) == 200


def test_keycloak_away__may_be_tried_again(works: Works) -> None:
    """It is another error: the user is still there, and nothing is lost."""
    reference = works.reference()
    expire(works)
    works.keycloak.fail_next(status=503, retry_after=7)

    with pytest.raises(ExchangeUnavailable) as caught:
        call(reference)

    assert not isinstance(caught.value, SubjectGone)
    assert caught.value.retry_after == 7.0
    assert works.service.requests == []
    exchange.forget()  # as if seven seconds had passed
    assert call(reference) == 200


def test_rotated_refresh_token__is_not_lost(works: Works) -> None:
    """A realm that takes each refresh token once goes on taking the next one."""
    works.keycloak.realm(REALM).revoke_refresh_token = True
    try:
        reference = works.reference()
        for _ in range(3):
            expire(works)
            assert call(reference) == 200
    finally:
        works.keycloak.realm(REALM).revoke_refresh_token = False


def test_another_browser__is_another_login(works: Works) -> None:
    """Who logs out in one browser stops the jobs of that one alone."""
    first = works.reference()
    other = Works(works.keycloak, works.service, works.user, Client())
    log_in(other.client, works.user, tokens_of(works.keycloak, "alice"))
    second = other.reference()
    works.client.logout()

    with pytest.raises(SubjectGone):
        call(first)
    assert call(second) == 200


@pytest.mark.django_db(transaction=True)
async def test_async_job__does_the_same(works: Works) -> None:
    """A coroutine calls for the user, and stops calling when they are gone."""
    reference = await sync_to_async(works.reference)()
    with acting_for(reference):
        async with downstream_client("orders-api") as client:
            assert (await client.get("v1")).status_code == 200
            await asyncio.sleep(0)
            await sync_to_async(works.client.logout)()
            with pytest.raises(SubjectGone):
                await client.get("v1")

    assert len(works.service.requests) == 1


@pytest.mark.django_db(transaction=True)
async def test_async_job__renews_after_a_refusal(works: Works) -> None:
    """A token that the service refuses is replaced, without a query in the loop."""
    reference = await sync_to_async(works.reference)()
    works.service.answer_next(
        status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
    )
    with acting_for(reference):
        async with downstream_client("orders-api") as client:
            assert (await client.get("v1")).status_code == 200

    assert len(works.service.requests) == 2
