"""The views of a project with two tenants, without a database."""

from __future__ import annotations

import json

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, JsonResponse
from django.urls import path

from kc_exchange import capture, conf, downstream_client, downstream_session
from kc_exchange.capture import bearer_token, keep, realm_of
from kc_exchange.jwt_validation import validate
from kc_exchange.tokens import TokenSet

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kc_exchange.middleware.UserTokenMiddleware",
]


def enter(request: HttpRequest) -> JsonResponse:
    """Keep the tokens of a login, as a login's backend does."""
    sent = json.loads(request.body)
    request.session[SESSION_KEY] = sent["person"]
    keep(
        request,
        TokenSet(
            access_token=sent["access_token"],
            refresh_token=sent["refresh_token"],
            realm=capture.login_realm(request).alias,
        ),
    )
    return JsonResponse({})


def call(request: HttpRequest, service: str) -> JsonResponse:
    """Tell what a service was sent."""
    with downstream_session(service) as session:
        return JsonResponse(session.get("v1/").json())


async def call_async(request: HttpRequest, service: str) -> JsonResponse:
    """Do so from an event loop."""
    async with downstream_client(service) as client:
        return JsonResponse((await client.get("v1/")).json())


def check(request: HttpRequest) -> JsonResponse:
    """Validate the bearer token as an API does."""
    token = bearer_token(request)
    assert token is not None
    claims = validate(token, realm_of(request) or conf.current().realm("default"))
    return JsonResponse({"issuer": claims.issuer, "subject": claims.subject})


urlpatterns = [
    path("enter/", enter),
    path("call/<service>/", call),
    path("call-async/<service>/", call_async),
    path("check/", check),
]
