"""Whose token a request has: that of the user whom Django takes it for, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model, login, logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.response import Response
from rest_framework.views import APIView

from kc_exchange import capture
from kc_exchange.context import bound_subject
from kc_exchange.drf import KeycloakBearerAuthentication
from kc_exchange.exceptions import NoSubjectToken
from kc_exchange.tokens import TokenSet

if TYPE_CHECKING:
    from django.test import Client

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]

BACKEND = "django.contrib.auth.backends.ModelBackend"


def called_for() -> str:
    try:
        return str(bound_subject().token().value)
    except NoSubjectToken:
        return "nobody"


def log_in(request: HttpRequest, name: str = "") -> HttpResponse:
    """Log in as Keycloak's callback would."""
    user = get_user_model().objects.get(username=name or request.GET["user"])
    capture.keep(request, TokenSet(access_token=f"{user.username}-token"), user=user)
    login(request, user, BACKEND)
    return HttpResponse()


def shown(request: HttpRequest) -> HttpResponse:
    return HttpResponse(called_for())


def leaves(request: HttpRequest) -> JsonResponse:
    """Call, log out, and call again."""
    before = called_for()
    logout(request)
    known = bound_subject().captured
    return JsonResponse([before, known is None, called_for()], safe=False)


def becomes_bob(request: HttpRequest) -> JsonResponse:
    """Call, log in as somebody else, and call again."""
    before = called_for()
    log_in(request, "bob")
    return JsonResponse([before, called_for()], safe=False)


class Robot(BaseAuthentication):
    """Another authentication than the session's; it enforces no CSRF token."""

    def authenticate(self, request: Any) -> Any:
        """Take whoever brings the key for Bob."""
        if "X-Robot" not in request.headers:
            return None
        return get_user_model().objects.get(username="bob"), None


class Api(APIView):
    authentication_classes = (KeycloakBearerAuthentication, Robot)

    def post(self, request: Any) -> Response:
        """Tell whose token a downstream would get."""
        return Response({"user": str(request.user), "called_for": called_for()})


urlpatterns = [
    path("login/", log_in),
    path("shown/", shown),
    path("leaves/", leaves),
    path("becomes-bob/", becomes_bob),
    path("api/", Api.as_view()),
]


@pytest.fixture
def alice(client: Client) -> Client:
    """Give the browser of Alice, who is logged in."""
    for name in ("alice", "bob"):
        get_user_model().objects.create(username=name)
    client.get("/login/?user=alice")
    assert client.get("/shown/").content == b"alice-token"
    return client


def test_user__who_was_deactivated_is_not_called_for(alice: Client) -> None:
    """For Django nobody is logged in any more, so nobody's token goes out."""
    get_user_model().objects.filter(username="alice").update(is_active=False)

    assert alice.get("/shown/").content == b"nobody"


def test_user__whose_password_was_changed_is_not_called_for(alice: Client) -> None:
    """Django ends the sessions of before, and their tokens go with them."""
    user = get_user_model().objects.get(username="alice")
    user.set_password("another")
    user.save()

    assert alice.get("/shown/").content == b"nobody"


def test_api__that_takes_no_session_has_no_token_of_it(alice: Client) -> None:
    """A page elsewhere could send this form: no CSRF token is asked for."""
    answer = alice.post("/api/").json()

    assert answer == {"user": "AnonymousUser", "called_for": "nobody"}


def test_api__does_not_call_as_another_user_than_it_serves(alice: Client) -> None:
    """The request is Bob's, whatever session came with it."""
    answer = alice.post("/api/", headers={"X-Robot": "yes"}).json()

    assert answer == {"user": "bob", "called_for": "nobody"}


def test_logout__ends_the_calls_of_its_own_request(alice: Client) -> None:
    """A token that was captured before is not used after."""
    assert alice.get("/leaves/").json() == ["alice-token", True, "nobody"]


def test_login__of_somebody_else_changes_who_is_called_for(alice: Client) -> None:
    """In the same request already."""
    assert alice.get("/becomes-bob/").json() == ["alice-token", "bob-token"]
