"""An API under a grant: sessions, permissions, tokens, in Django REST framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import path
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from kc_exchange.drf import KeycloakBearerAuthentication, NotWhileImpersonating
from kc_exchange.impersonation import only_reads
from tests.impersonation import desk as pages
from tests.impersonation.desk import Type

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


class Me(APIView):
    authentication_classes: Any = (SessionAuthentication,)
    permission_classes: Any = (IsAuthenticated,)

    def get(self, request: Any) -> Response:
        """Say who it is."""
        return Response({"user": request.user.get_username()})

    def patch(self, request: Any) -> Response:
        """Change the account."""
        request.user.first_name = "Changed"
        request.user.save()
        return Response({"user": request.user.get_username()})


class Keys(Me):
    permission_classes = (IsAuthenticated, NotWhileImpersonating)


class Either(Me):
    permission_classes = (~NotWhileImpersonating,)


class BearerToo(Me):
    authentication_classes = (
        KeycloakBearerAuthentication,
        BasicAuthentication,
        SessionAuthentication,
    )


@only_reads
class Search(Me):
    def post(self, request: Any) -> Response:
        """Read, by POST."""
        return self.get(request)


urlpatterns = [
    *pages.urlpatterns,
    path("me", Me.as_view()),
    path("keys", Keys.as_view()),
    path("either", Either.as_view()),
    path("bearer", BearerToo.as_view()),
    path("search", Search.as_view()),
]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Let the desk have these pages, too."""
    desk.settings.ROOT_URLCONF = __name__
    return desk


@pytest.mark.parametrize("url", ["/me", "/bearer"])
def test_drf__session(desk: Desk, url: str):
    """The API's user is the page's."""
    assert desk.client.get(url).json() == {"user": "sam"}
    desk.start()
    assert desk.client.get(url).json() == {"user": "alice"}
    desk.stop()
    assert desk.client.get(url).json() == {"user": "sam"}


def test_drf__write(desk: Desk):
    """Read-only has a stable code; a grant to write changes the target's account."""
    desk.start()
    refused = desk.client.patch("/me", headers=JSON)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "read_only_grant"
    assert desk.client.post("/search").json() == {"user": "alice"}
    desk.stop()
    desk.start(mode="read-write")
    assert desk.client.patch("/me", headers=JSON).status_code == 200
    assert get_user_model().objects.get(first_name="Changed").username == "alice"


def test_drf__csrf_token_asked_for_under_a_grant(desk: Desk):
    """Session authentication protects the target's account as anybody's."""
    desk.start(mode="read-write")
    strict = APIClient(enforce_csrf_checks=True)
    strict.cookies = desk.client.cookies
    assert strict.patch("/me").status_code == 403
    assert not get_user_model().objects.filter(first_name="Changed").exists()


@pytest.mark.parametrize("mode", ["read-only", "read-write"])
def test_drf__not_while_impersonating(desk: Desk, mode: str):
    assert desk.client.get("/keys").status_code == 200
    assert desk.client.get("/either").status_code == 403
    desk.start(mode=mode)
    refused = desk.client.get("/keys")
    assert refused.status_code == 403
    assert refused.json()["detail"]
    assert desk.client.get("/either").json() == {"user": "alice"}
    desk.stop()
    assert desk.client.get("/keys").json() == {"user": "sam"}


@pytest.mark.parametrize(
    "header",
    ["Bearer eyJhbGciOiJub25lIn0.e30.", "bearer x", "DPoP x", "Token x", "Bearer"],
)
@pytest.mark.parametrize("url", ["/me", "/bearer"])
def test_d27__token_beside_a_grant(desk: Desk, header: str, url: str):
    """One identity in a request: two are refused, before anybody's view runs."""
    desk.start(mode="read-write")
    refused = desk.client.patch(url, headers={"Authorization": header, **JSON})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "bearer_while_impersonating"
    (event,) = desk.events(Type.REQUEST_REFUSED)
    assert event.code == "bearer_while_impersonating"
    assert "eyJ" not in desk.told()
    assert not get_user_model().objects.filter(first_name="Changed").exists()


def test_d27__password_of_the_site_beside_a_grant(desk: Desk):
    """Basic authentication in front of a whole site is no second identity of it."""
    desk.start()
    headers = {"Authorization": "Basic c2l0ZTpzZWNyZXQ="}
    assert desk.client.get("/me", headers=headers).json() == {"user": "alice"}


def test_drf__grant_over(desk: Desk):
    """A program is told so once, with a code; never is it served as the operator."""
    grant = desk.start(mode="read-write")
    pages.Grant.objects.filter(pk=grant.pk).update(expires_at=grant.started_at)
    refused = desk.client.patch("/me", headers=JSON)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "grant_ended"
    assert not get_user_model().objects.filter(first_name="Changed").exists()
