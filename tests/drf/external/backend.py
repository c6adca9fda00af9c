"""A backend of a mobile app, and what the app sends."""

from __future__ import annotations

import time
from urllib.parse import urlencode

from django.urls import path

from kc_exchange.drf import ExternalTokenView
from tests.servers import jwt_of

ISSUER = "https://id.partner.example"
URIS = "urn:ietf:params:oauth:token-type:"
FORM = "application/x-www-form-urlencoded"
urlpatterns = [
    path("token", ExternalTokenView.as_view(subject_issuers=["partner"])),
    path("closed", ExternalTokenView.as_view()),
]


def settings_for(issuer):
    """KC_EXCHANGE with this realm, which knows two providers."""
    return {
        "REALMS": {
            "default": {
                "ISSUER": issuer,
                "CLIENT_ID": "django-app",
                "CLIENT_SECRET": "s3cret-of-the-requester",
            }
        },
        "PROVIDERS": {
            "partner": {"ISSUER": ISSUER, "AUDIENCES": ["our-app"]},
            "other": {"ISSUER": "https://id.other.example", "AUDIENCES": ["x"]},
        },
        "DOWNSTREAMS": {},
    }


def id_token(**claims):
    """An ID token of the partner's for our app."""
    own = {"iss": ISSUER, "aud": "our-app", "exp": int(time.time()) + 60}
    return jwt_of(**own | claims)


def form(**changes):
    """What the app sends; None leaves a field out."""
    own = {
        "subject_token": id_token(),
        "subject_token_type": f"{URIS}id_token",
        "subject_issuer": "partner",
    }
    return {k: v for k, v in (own | changes).items() if v is not None}


def encoded(data):
    """The same as the body of a form."""
    return urlencode(data)
