"""Which realm a request belongs to, and whose tokens it may therefore carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import DisallowedHost
from django.test import RequestFactory

from kc_exchange import capture
from kc_exchange.capture import realms
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    SubjectTokenRejected,
    UnknownRealm,
)
from kc_exchange.tokens import ID_TOKEN, SubjectToken
from tests.servers import jwt_of

if TYPE_CHECKING:
    from django.http import HttpRequest

ACME, GLOBEX = "https://id.example/realms/acme", "https://id.example/realms/globex"
GOOGLE = "https://accounts.google.com"
BY_HOST = "kc_exchange.capture.realm_by_host"


def realm(issuer: str, **more: Any) -> dict[str, Any]:
    return {"ISSUER": issuer, "CLIENT_ID": "app", "CLIENT_SECRET": "s" * 16, **more}


@pytest.fixture(autouse=True)
def _tenants(settings: Any) -> None:
    settings.KC_EXCHANGE = {
        "REALMS": {
            "globex": realm(GLOBEX, HOSTS=["globex.example"]),
            "support": realm(ACME),
            "default": realm(ACME, HOSTS=["acme.example", "ACME.example.net"]),
        },
        "PROVIDERS": {
            "google": {"KIND": "google", "AUDIENCES": ["app"], "REALM": "globex"},
            "github": {"KIND": "github", "AUDIENCES": ["*"]},
        },
        "DOWNSTREAMS": {},
    }


def by_host(settings: Any, function: str = BY_HOST) -> None:
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "REALM_OF_REQUEST": function}


def request(host: str = "acme.example", token: str = "") -> HttpRequest:
    header = {"Authorization": f"Bearer {token}"} if token else {}
    return RequestFactory().get("/", headers=header, SERVER_NAME=host)


def captured(issuer: str, host: str = "acme.example") -> SubjectToken | None:
    return capture.capture(request(host, jwt_of(iss=issuer, exp=1_900_000_000)))


@pytest.mark.parametrize(("issuer", "alias"), [(ACME, "default"), (GLOBEX, "globex")])
def test_by_issuer__each_token_says_its_realm(issuer: str, alias: str) -> None:
    """Of two aliases of one issuer, `default` counts."""
    found = captured(issuer)

    assert found is not None
    assert (found.realm, found.provider) == (alias, "")


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example/realms/acm",
        f"{ACME}/",
        "http://id.example/realms/acme",
        "",
        None,
        7,
    ],
)
def test_by_issuer__of_nobody(issuer: Any) -> None:
    """What is not to the letter a configured issuer goes to no Keycloak at all."""
    token = jwt_of(iss=issuer)
    if issuer is None:
        assert capture.capture(request(token=token)) is not None
        return
    with pytest.raises(UnknownRealm) as caught:
        capture.capture(request(token=token))

    assert caught.value.http_status == 401
    assert token not in str(caught.value)


def test_by_issuer__of_a_provider() -> None:
    """Its token is no realm's; the strategy `external` alone knows what to do."""
    found = captured(GOOGLE)

    assert found is not None
    assert (found.realm, found.provider) == ("globex", "google")
    assert found.token_type.endswith(":access_token")
    assert found.token_type != ID_TOKEN


def test_opaque__is_for_the_realm_to_judge(settings: Any) -> None:
    """No issuer is in it: the realm of the host, or `default`, says what it thinks."""
    opaque = "an-opaque-token"
    first = capture.capture(request("globex.example", opaque))
    by_host(settings)
    second = capture.capture(request("globex.example", opaque))

    assert first is not None
    assert second is not None
    assert (first.realm, second.realm) == ("default", "globex")


@pytest.mark.parametrize(
    ("host", "alias"),
    [
        ("acme.example", "default"),
        ("ACME.EXAMPLE", "default"),
        ("acme.example:8443", "default"),
        ("acme.example.net", "default"),
        ("acme.example.", "default"),
        ("globex.example", "globex"),
    ],
)
def test_by_host(settings: Any, host: str, alias: str) -> None:
    by_host(settings)
    found = capture.realm_of(RequestFactory().get("/", HTTP_HOST=host))

    assert found is not None
    assert found.alias == alias
    assert capture.login_realm(RequestFactory().get("/", HTTP_HOST=host)) is found


@pytest.mark.parametrize("host", ["evil.example", "x.acme.example", "localhost"])
def test_by_host__of_no_realm(settings: Any, host: str) -> None:
    """A host that ALLOWED_HOSTS lets in, and no realm has, gets nothing."""
    by_host(settings)

    for act in (capture.realm_of, capture.login_realm):
        with pytest.raises(UnknownRealm):
            act(request(host))


def test_by_host__believes_only_what_django_believes(settings: Any) -> None:
    """`Host` is checked by ALLOWED_HOSTS, and X-Forwarded-Host is not looked at."""
    by_host(settings)
    settings.ALLOWED_HOSTS = ["acme.example"]
    forged = RequestFactory().get("/", headers={"X-Forwarded-Host": "globex.example"})
    forged.META["HTTP_HOST"] = "acme.example"

    found = capture.realm_of(forged)

    assert found is not None
    assert found.alias == "default"
    with pytest.raises(DisallowedHost):
        capture.realm_of(request("globex.example"))


@pytest.mark.parametrize(
    ("issuer", "host"), [(ACME, "globex.example"), (GLOBEX, "acme.example")]
)
def test_by_host__refuses_the_other_tenants_token(
    settings: Any, issuer: str, host: str
) -> None:
    by_host(settings)

    with pytest.raises(SubjectTokenRejected, match="belongs to the realm"):
        captured(issuer, host)


def test_by_host__token_of_a_realm_that_left_the_settings(settings: Any) -> None:
    """A session may outlive the realm of its login."""
    by_host(settings)

    with pytest.raises(ExchangeMisconfigured, match="'initech'") as caught:
        realms.refuse_foreign(request(), "initech")
    assert caught.value.diagnosis == "realm_not_configured"


def test_by_host__takes_a_provider_of_the_same_realm(settings: Any) -> None:
    """Google is known to one of the tenants only."""
    by_host(settings)

    assert captured(GOOGLE, "globex.example") is not None
    with pytest.raises(SubjectTokenRejected):
        captured(GOOGLE, "acme.example")


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("acme.example", ("default", "google-acme")),
        ("globex.example", ("globex", "google")),
    ],
)
def test_by_host__each_tenant_has_a_provider_of_one_issuer(
    settings: Any, host: str, found: tuple[str, str]
) -> None:
    """Google has one issuer, and each realm has Google by an alias of its own."""
    google = settings.KC_EXCHANGE["PROVIDERS"]["google"]
    settings.KC_EXCHANGE["PROVIDERS"]["google-acme"] = google | {"REALM": "default"}
    by_host(settings)

    captured_token = captured(GOOGLE, host)

    assert captured_token is not None
    assert (captured_token.realm, captured_token.provider) == found


def test_by_host__of_no_realm_captures_no_providers_token(settings: Any) -> None:
    by_host(settings)

    with pytest.raises(UnknownRealm):
        captured(GOOGLE, "evil.example")


def by_path(request: HttpRequest) -> str | None:
    """Belong to whoever is named first in the path, as a project may want it."""
    return request.path.split("/")[1] or None


def test_own_function(settings: Any) -> None:
    """None is whichever realm issued the token; an unknown alias is a mistake."""
    by_host(settings, f"{__name__}.by_path")
    header = {"Authorization": f"Bearer {jwt_of(iss=GLOBEX)}"}
    globex, anybody, acme = (
        RequestFactory().get(where, headers=header)
        for where in ("/globex/x/", "/", "/default/x/")
    )

    for each in (globex, anybody):
        found = capture.capture(each)
        assert found is not None
        assert found.realm == "globex"
    with pytest.raises(SubjectTokenRejected):
        capture.capture(acme)
    with pytest.raises(Exception, match="no realm 'nobody'"):
        capture.capture(RequestFactory().get("/nobody/", headers=header))


def test_own_capture__is_held_to_it_too(settings: Any) -> None:
    """A function of the project's that captures another tenant's token is no way in."""
    by_host(settings)
    settings.KC_EXCHANGE = {
        **settings.KC_EXCHANGE,
        "CAPTURE": f"{__name__}.somebody_of_globex",
    }

    assert capture.capture(request("globex.example")) is not None
    with pytest.raises(SubjectTokenRejected):
        capture.capture(request("acme.example"))


def somebody_of_globex(request: HttpRequest) -> SubjectToken:
    """Return a token as a project's own login would."""
    return SubjectToken(value=jwt_of(iss=GLOBEX), realm="globex")
