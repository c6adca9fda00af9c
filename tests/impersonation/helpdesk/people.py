"""The people of the help desk, in Django and at the embedded Keycloak."""

from __future__ import annotations

import json
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.http import HttpRequest

from kc_exchange import capture
from kc_exchange.models import KeycloakIdentity
from kc_exchange.testing.pytest_plugin import BUNDLED
from kc_exchange.tokens import TokenSet

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.test import Client

    from kc_exchange.testing import EmbeddedKeycloak

REALM = "test"
OPERATORS = ("olga", "oscar")
TARGETS = ("alice", "bob")
SUPERUSER = "root"
PERMISSIONS = ("impersonate", "impersonate_read_write")


def realm() -> dict[str, Any]:
    """Return the bundled realm, with a second operator."""
    export: dict[str, Any] = json.loads(BUNDLED.read_text())
    olga = next(user for user in export["users"] if user["username"] == "olga")
    oscar = json.loads(json.dumps(olga).replace("olga", "oscar"))
    export["users"].append(oscar | {"id": str(uuid5(NAMESPACE_URL, "oscar"))})
    return export


def make_one(name: str, keycloak: EmbeddedKeycloak | None = None) -> Any:
    """Make one of the help desk's people, with their rights, and return them."""
    users = get_user_model().objects
    if name == SUPERUSER:
        return users.create_superuser(name, password=f"{name}-1")
    person = users.create_user(name, password=f"{name}-1", is_staff=name in OPERATORS)
    if name in OPERATORS:
        permit(person)
    if keycloak is not None:
        identify(person, keycloak.issuer(REALM), identities(keycloak)[name])
    return person


def identities(keycloak: EmbeddedKeycloak) -> dict[str, str]:
    """Return Keycloak's ids of operators and targets, by their names."""
    users = keycloak.realm(REALM).users.values()
    ours = {*OPERATORS, *TARGETS}
    return {user.username: user.id for user in users if user.username in ours}


def identify(person: Any, issuer: str, subject: str) -> None:
    """Note who somebody is at Keycloak."""
    KeycloakIdentity.objects.create(user=person, issuer=issuer, subject=subject)


def permit(operator: Any) -> None:
    """Give an operator the permissions to impersonate."""
    operator.user_permissions.set(Permission.objects.filter(codename__in=PERMISSIONS))


def log_in(client: Client, user: Any, issuer: str = "") -> None:
    """Log `user` in with this browser, through Keycloak where there is one."""
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    if not issuer:
        return
    request = HttpRequest()
    request.session = session_of(client)
    request.user = user
    capture.keep(request, tokens_of(issuer, user.get_username()))
    request.session.save()


def tokens_of(issuer: str, name: str) -> TokenSet:
    """Return what Keycloak gives a person for their password, asked until it does."""
    form = {"grant_type": "password", "username": name, "scope": "openid orders:read"}
    said: dict[str, Any] = {}
    while "access_token" not in said:
        reply = requests.post(
            f"{issuer}/protocol/openid-connect/token",
            data={**form, "password": f"{name}-password"},
            auth=("django-app", "django-app-secret"),
            timeout=10,
        )
        said = reply.json() if reply.status_code != 503 else {}
    return TokenSet(
        access_token=said["access_token"],
        refresh_token=said["refresh_token"],
        id_token=said["id_token"],
        expires_at=time.time() + said["expires_in"],
    )


def session_of(client: Client) -> SessionBase:
    """Return the session that this browser's cookie opens."""
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    return opened(cookie.value if cookie else "")


def opened(key: str) -> SessionBase:
    """Return the session of a key, as it is stored."""
    engine = import_module(settings.SESSION_ENGINE)
    found: SessionBase = engine.SessionStore(key or None)
    return found
