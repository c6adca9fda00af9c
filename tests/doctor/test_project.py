"""The project around: its settings, its login, and the realms of its users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from kc_exchange.doctor.chart import Chart
from kc_exchange.doctor.project import check_login, check_settings
from tests.doctor.kinds import Kind
from tests.doctor.tokens import Login
from tests.doctor.world import world
from tests.real_keycloak import LEGACY, STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable

EMBEDDED = Kind(STANDARD, real=False)
MOZILLA = "kc_exchange.login.mozilla.KeycloakOIDCBackend"
MODEL = "django.contrib.auth.backends.ModelBackend"


def login() -> list[tuple[str, str]]:
    """Return what is said of the login."""
    return [(f.state, f.cause) for f in check_login(Chart("project"))]


def test_login__none_is_installed() -> None:
    assert [state for state, _ in login()] == ["ok"]


@pytest.mark.parametrize(
    ("backends", "state"), [([MODEL], "warning"), ([MODEL, MOZILLA], "ok")]
)
def test_login__of_mozilla(settings: Any, backends: list[str], state: str) -> None:
    """Its own backend keeps no refresh token, and ours has to be named."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "mozilla_django_oidc"]
    settings.AUTHENTICATION_BACKENDS = backends
    _configure_mozilla(settings)

    ((found, cause),) = login()

    assert found == state
    assert state == "ok" or MOZILLA in cause


def test_login__of_a_backend_derived_from_ours(settings: Any) -> None:
    """A project's own backend may be one of ours."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "mozilla_django_oidc"]
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Derived"]
    _configure_mozilla(settings)

    assert [state for state, _ in login()] == ["ok"]


def __getattr__(name: str) -> Any:
    """Make the class when it is imported: mozilla's app has to be there first."""
    if name != "Derived":
        raise AttributeError(name)
    from kc_exchange.login.mozilla import KeycloakOIDCBackend  # noqa: PLC0415

    return type("Derived", (KeycloakOIDCBackend,), {})


def _configure_mozilla(settings: Any) -> None:
    settings.OIDC_RP_CLIENT_ID = "django-app"
    settings.OIDC_RP_CLIENT_SECRET = "only-for-tests"
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = "https://id.example.com/auth"


def test_login__of_allauth_without_its_provider(settings: Any) -> None:
    """Its other providers log people in past Keycloak."""
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "allauth.account.middleware.AccountMiddleware",
    ]
    settings.INSTALLED_APPS = [
        *settings.INSTALLED_APPS,
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
    ]

    ((state, cause),) = login()

    assert state == "warning"
    assert "allauth.socialaccount.providers.openid_connect is not" in cause


def test_settings__what_the_system_checks_say(settings: Any) -> None:
    """Errors are wrong, warnings are warnings, and what is silenced is not said."""
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1][::-1]
    settings.KC_EXCHANGE = {
        **settings.KC_EXCHANGE,
        "IMPERSONATION": {"IDLE_MINUTES": 90},
    }
    found = {f.cause.split("(")[-1]: f.state for f in check_settings(Chart("project"))}

    assert found["kc_exchange.E013)"] == "wrong"
    assert found["kc_exchange.W008)"] == "warning"

    settings.SILENCED_SYSTEM_CHECKS = ["kc_exchange.E013", "kc_exchange.W008"]
    found = {f.cause: f.state for f in check_settings(Chart("project"))}
    assert not any("W008" in cause or "E013" in cause for cause in found)


def test_users__of_each_realm_with_hosts(
    partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """A downstream of the users' own realm is looked at for the users of each."""
    with world(EMBEDDED, partner) as sound:
        found = sound.settings()
        other = {**found["REALMS"]["default"], "HOSTS": ["b.example.com"]}
        found["REALMS"]["tenant"] = other
        settings.KC_EXCHANGE = found

        report = examined("--audience", "orders-api")

    about = {f["about"] for f in report["findings"] if f["step"] == "exchange"}
    assert about == {
        "downstream orders-api, users of default",
        "downstream orders-api, users of tenant",
    }


def test_users__of_the_one_realm_that_a_downstream_takes(
    partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """Where REALM is set, users of other realms have no way to it."""
    with world(EMBEDDED, partner) as sound:
        found = sound.settings()
        other = {**found["REALMS"]["default"], "HOSTS": ["b.example.com"]}
        found["REALMS"]["tenant"] = other
        found["DOWNSTREAMS"]["orders-api"]["REALM"] = "tenant"
        settings.KC_EXCHANGE = found

        report = examined("--audience", "orders-api")

    about = {f["about"] for f in report["findings"] if f["step"] == "exchange"}
    assert about == {"downstream orders-api"}


@pytest.mark.parametrize(("user", "is_looked_at"), [("alice", False), ("olga", True)])
def test_token__of_an_impersonator(
    partner: str,
    settings: Any,
    examined: Callable[..., Any],
    user: str,
    is_looked_at: bool,
) -> None:
    """A client that only impersonates has to be in the `aud` of operators alone."""
    with world(Kind(LEGACY, real=False), partner) as sound:
        found = sound.settings()
        support = {**found["REALMS"]["default"], "CLIENT_ID": "support-app"}
        found["REALMS"]["support"] = support
        found["IMPERSONATION"] = {"REALM": "support"}
        settings.KC_EXCHANGE = found
        settings.MIDDLEWARE = [
            *settings.MIDDLEWARE,
            "kc_exchange.middleware.ImpersonationMiddleware",
        ]

        report = examined(token=Login(user=user).obtain(sound))

    said = [f for f in report["findings"] if "support-app may not" in f["cause"]]
    assert bool(said) is is_looked_at


def test_realm__without_a_credential(
    partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """A service that only takes bearer tokens has a realm, and asks for nothing."""
    with world(EMBEDDED, partner) as sound:
        realm = {"ISSUER": sound.issuer(), "CLIENT_ID": "orders-api"}
        settings.KC_EXCHANGE = {"REALMS": {"default": realm}}

        report = examined()

    (found,) = [f for f in report["findings"] if f["step"] == "client authentication"]
    assert found["state"] == "unknown"
    assert "no credential is set" in found["cause"]


def test_token__of_a_dedicated_client(
    partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """Each client of the realm that exchanges users' tokens is looked for in `aud`."""
    with world(EMBEDDED, partner) as sound:
        found = sound.settings()
        other = {**found["REALMS"]["default"], "CLIENT_ID": "other-app"}
        found["REALMS"]["other"] = other
        found["DOWNSTREAMS"]["billing"] = {
            "BASE_URL": f"{sound.url}/",
            "AUDIENCE": "orders-api",
            "SCOPES": ["orders:read"],
            "REALM": "other",
        }
        settings.KC_EXCHANGE = found

        report = examined(token=Login().obtain(sound))

    said = {
        f["cause"]: f["code"]
        for f in report["findings"]
        if f["about"] == "the user's token"
    }
    assert said["django-app may exchange it."] == "holds"
    (other_one,) = [c for c in said if "not meant for other-app" in c]
    assert said[other_one] == "requester_not_in_audience"


def test_examine__of_settings_that_are_missing(settings: Any) -> None:
    """The settings are asked for their mistakes, and never raise."""
    from kc_exchange import conf, doctor  # noqa: PLC0415

    settings.KC_EXCHANGE = {"REALMS": {}}

    assert doctor.examine().exit_code == 2
    with pytest.raises(ImproperlyConfigured):
        conf.current()
