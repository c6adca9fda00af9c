"""A reference stands for one login, and for nothing else."""

from __future__ import annotations

import json
import pickle
import time
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.backends.base import SessionBase
from django.test import RequestFactory
from django.urls import clear_url_caches, path
from rest_framework.request import Request

from kc_exchange import SubjectReference, acting_for, downstream_session
from kc_exchange.exceptions import InvalidReference, NoSubjectToken, SubjectGone
from kc_exchange.impersonation.errors import ForbiddenWhileImpersonating
from kc_exchange.jobs.claims import login_of
from kc_exchange.jobs.reference import LONGEST
from kc_exchange.models import AuditEvent
from kc_exchange.tokens import TokenSet
from tests.impersonation import realm_desk as realm_desk_pages
from tests.jobs.works import Works, call, start
from tests.servers import jwt_of

pytestmark = pytest.mark.django_db


def test_reference__is_json_and_holds_nothing_to_read(works: Works) -> None:
    """It survives JSON and pickle, and shows neither a token nor the session's key."""
    reference = works.reference()

    assert json.loads(json.dumps(reference)) == reference
    assert pickle.loads(pickle.dumps(SubjectReference(reference))) == reference  # noqa: S301
    for secret in (*works.secrets(), works.session().session_key):
        assert secret not in reference
    assert reference != works.reference()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-8] + "AAAAAAA=",
        lambda text: text[:40],
        lambda _: "",
        lambda _: "\N{SNOWMAN}",
        lambda _: None,
        lambda _: 7,
        lambda text: f"{text[:20]}{'B' if text[20] == 'A' else 'A'}{text[21:]}",
    ],
)
def test_reference__that_was_changed(works: Works, spoil: Any) -> None:
    """What this project did not seal is refused before anybody is asked."""
    reference = spoil(works.reference())

    with pytest.raises(InvalidReference), acting_for(reference):
        pass

    assert issubclass(InvalidReference, SubjectGone)


def test_reference__is_no_sealed_token_of_a_session(works: Works) -> None:
    """What is sealed for one purpose opens for no other."""
    with pytest.raises(InvalidReference), acting_for(works.session()["_kc_exchange"]):
        pass


def test_reference__after_a_change_of_the_key(works: Works, settings: Any) -> None:
    """The old key still opens it as a fallback, and another site's does not."""
    reference, old = works.reference(), settings.SECRET_KEY

    settings.SECRET_KEY = "another-0123456789abcdefghijklmnopqrstuvwxyz"
    with pytest.raises(InvalidReference, match="SECRET_KEY"):
        call(reference)

    settings.SECRET_KEY_FALLBACKS = [old]
    assert call(reference) == 200


def test_reference__too_old(works: Works) -> None:
    """After `max_age` it is over, though the user is still logged in."""
    reference = works.reference(max_age=60)
    assert call(reference) == 200
    with (
        time_machine.travel(clock_at(61), tick=True),
        pytest.raises(SubjectGone, match="60 seconds"),
    ):
        call(reference)


def test_reference__too_old_within_the_block(works: Works) -> None:
    """A job that runs for too long makes no other call."""
    reference = works.reference(max_age=60)
    with acting_for(reference), downstream_session("orders-api") as session:
        session.get("v1")
        with time_machine.travel(clock_at(61), tick=True), pytest.raises(SubjectGone):
            session.get("v1")

    assert len(works.service.requests) == 1


def test_reference__from_the_future(works: Works) -> None:
    """A clock that is ahead by more than LEEWAY makes no reference live longer."""
    with time_machine.travel(clock_at(60), tick=True):
        reference = works.reference(max_age=60)

    with pytest.raises(SubjectGone), acting_for(reference):
        pass


def clock_at(seconds: float) -> float:
    return time.time() + seconds


@pytest.mark.parametrize(
    "max_age",
    [0, -1, LONGEST + 1, 10**400, float("nan"), float("inf"), "3600", None],
    ids=lambda value: str(value)[:9],
)
def test_max_age__out_of_bounds(works: Works, max_age: Any) -> None:
    """Seven days is the most, in a number of seconds."""
    request = RequestFactory().get("/")
    request.session = works.session()
    with pytest.raises(ValueError, match="at most 604800"):
        SubjectReference.of(request, max_age=max_age)


def test_nobody__is_refused(works: Works) -> None:
    """Without a login there is nobody to refer to."""
    works.client.logout()
    request = RequestFactory().get("/")
    request.session = SessionBase()
    with pytest.raises(NoSubjectToken):
        SubjectReference.of(request)


def test_bearer__is_refused(works: Works) -> None:
    """Only who sent a bearer token can renew it, also beside a session."""
    token = works.keycloak.token("test", "alice", client_id="django-app")

    reply = works.client.get("/start/", headers={"Authorization": f"Bearer {token}"})

    assert reply.status_code == 401
    request = RequestFactory().get("/", headers={"Authorization": f"Bearer {token}"})
    with pytest.raises(NoSubjectToken, match="only who sent it can renew it"):
        SubjectReference.of(request)


def test_request_of_rest_framework__is_looked_through(works: Works) -> None:
    """A view of Django REST framework hands in its own request."""
    request = RequestFactory().get("/")
    request.session = works.session()
    request.user = works.user

    assert call(SubjectReference.of(Request(request))) == 200


def test_impersonation__makes_no_reference(
    realm_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a grant it is refused, and recorded as other refusals are."""
    pages = realm_desk_pages.urlpatterns
    monkeypatch.setattr(realm_desk_pages, "urlpatterns", [*pages, path("job/", start)])
    clear_url_caches()
    realm_desk.start()

    reply = realm_desk.client.get("/job/")

    assert reply.status_code == ForbiddenWhileImpersonating.http_status
    refused = AuditEvent.objects.filter(type=AuditEvent.Type.REQUEST_REFUSED)
    assert [event.code for event in refused] == ["forbidden_while_impersonating"]


@pytest.mark.usefixtures("works")
def test_login__whose_access_token_names_no_session() -> None:
    """A lightweight one does not; its ID token says which it is."""
    tokens = TokenSet(
        access_token=jwt_of(sub="alice"), id_token=jwt_of(sub="alice", sid="s-1")
    )

    assert login_of(tokens)[1] == "s-1"
    assert login_of(replace(tokens, id_token=""))[1] == ""
