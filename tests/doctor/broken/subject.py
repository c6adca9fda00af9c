"""Broken at the user's token."""

from __future__ import annotations

from tests.doctor import changes
from tests.doctor.broken.row import Broken
from tests.doctor.realms import audience
from tests.doctor.tokens import (
    After,
    Expired,
    Forged,
    LoggedOut,
    Login,
    Outdated,
    ShutOut,
    Text,
)

_ABOUT = "the user's token"
_CAPTURE = "KC_EXCHANGE['CAPTURE']"
_SESSIONS = "Users > (the user) > Sessions"
_MAPPER = (
    "Clients > frontend > Client scopes > frontend-dedicated > Add mapper > Audience"
)
_LIGHT = "client.use.lightweight.access.token.enabled"
_LIGHT_MAPPER = audience(client="django-app")
_LIGHT_MAPPER["config"]["lightweight.claim"] = "true"

ROWS = (
    Broken(
        "no audience mapper for the requester",
        code="requester_not_in_audience",
        cause="not meant for django-app (its `aud` has",
        fix="Included Client Audience django-app",
        about=_ABOUT,
        console=_MAPPER,
        changes=(changes.Mappers("clients", "frontend"),),
    ),
    Broken(
        "no audience mapper, and the project's own client logs people in",
        code="requester_not_in_audience",
        cause="not meant for django-app",
        fix="a client scope with an audience mapper for django-app",
        provision=True,
        changes=(changes.Mappers("clients", "frontend"),),
        settings=lambda world: {
            "REALMS": {
                "default": {
                    "CLIENT_ID": "frontend",
                    "CLIENT_SECRET": "frontend-secret",
                },
                "exchanger": {
                    "ISSUER": world.issuer(),
                    "CLIENT_ID": "django-app",
                    "CLIENT_SECRET": "django-app-secret",
                },
            },
            "DOWNSTREAMS": {"orders-api": {"REALM": "exchanger"}},
        },
    ),
    Broken(
        "an ID token",
        code="subject_is_id_token",
        cause="It is an ID token",
        fix="the member access_token",
        about=_ABOUT,
        setting=_CAPTURE,
        token=Login(part="id_token"),
    ),
    Broken(
        "a refresh token",
        code="subject_is_refresh_token",
        cause="It is a refresh token",
        fix="the member access_token",
        about=_ABOUT,
        setting=_CAPTURE,
        token=Login(part="refresh_token"),
    ),
    Broken(
        "an offline token",
        code="subject_is_refresh_token",
        cause="It is a refresh token",
        fix="the member access_token",
        about=_ABOUT,
        token=Login(scope="openid offline_access", part="refresh_token"),
    ),
    Broken(
        "no token at all",
        code="subject_not_jwt",
        cause="is no JWT",
        fix="Give the access token of a login",
        about=_ABOUT,
        setting=_CAPTURE,
        token=Text("not-a-token"),
    ),
    Broken(
        "a token of a realm that is not configured",
        code="subject_issuer_unknown",
        cause="/realms/master) is neither",
        fix="Write ISSUER to the letter",
        about=_ABOUT,
        setting="KC_EXCHANGE['REALMS']",
        token=Login(user="admin", client="admin-cli", realm="master"),
        embedded=False,
    ),
    Broken(
        "Keycloak was reached by another name at the login",
        code="subject_issuer_unknown",
        cause="neither an ISSUER in REALMS",
        fix="at which the user's browser reached Keycloak",
        about=_ABOUT,
        console="Realm settings > General > Frontend URL",
        settings=lambda world: {
            "REALMS": {
                "default": {"ISSUER": world.issuer().replace("127.0.0.1", "localhost")}
            }
        },
        embedded=False,
    ),
    Broken(
        "an expired token",
        code="subject_expired",
        cause="It expired",
        fix="Log in again",
        about=_ABOUT,
        changes=(changes.attribute("frontend", "access.token.lifespan", "1"),),
        token=Expired(),
    ),
    Broken(
        "a token of a session that was ended",
        code="session_over",
        cause="Its session at Keycloak is over",
        fix="Log in again",
        about=_ABOUT,
        console=_SESSIONS,
        token=LoggedOut(),
    ),
    Broken(
        "a token of a user who was disabled",
        code="user_disabled",
        cause="The user is disabled",
        fix="Enable the user",
        about=_ABOUT,
        console="Users > (the user) > Enabled",
        token=ShutOut(),
    ),
    Broken(
        "a token that is older than the not-before policy",
        code="subject_revoked",
        cause="older than a not-before policy",
        fix="look at the policies",
        about=_ABOUT,
        console="Sessions > Action > Revocation",
        token=Outdated(),
    ),
    Broken(
        "a token that somebody meddled with",
        code="subject_signature",
        cause="it does not hold",
        fix="as it came, whole",
        about=_ABOUT,
        console="Realm settings > Keys",
        token=Forged(),
    ),
    Broken(
        "a lightweight token",
        code="requester_not_in_audience",
        cause="its `aud` has nobody",
        fix="Included Client Audience django-app",
        about=_ABOUT,
        console=_MAPPER,
        changes=(changes.attribute("frontend", _LIGHT, "true"),),
    ),
    Broken(
        "a lightweight token that names the requester",
        code="subject_lightweight",
        cause="lightweight access token",
        fix="add to lightweight access tokens",
        about=_ABOUT,
        state="warning",
        console="Clients > frontend > Advanced > Always use lightweight access token",
        changes=(
            changes.attribute("frontend", _LIGHT, "true"),
            changes.Mappers("clients", "frontend", (_LIGHT_MAPPER,)),
        ),
    ),
    Broken(
        "a token that is bound to a key",
        code="subject_bound",
        cause="bound to a key (DPoP)",
        fix="Require DPoP bound tokens: switch it off",
        about=_ABOUT,
        console="Clients > frontend > Capability config > Require DPoP bound tokens",
        token=Login(proof=True),
    ),
    Broken(
        "the client of the login was disabled",
        code="login_client_off",
        cause="(frontend) is disabled or gone",
        fix="Enable the client",
        about=_ABOUT,
        console="Clients > frontend > Enabled",
        token=After(changes.client("frontend", enabled=False)),
        embedded=False,
    ),
)
