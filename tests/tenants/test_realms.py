"""Whose tokens come in, and by which name another realm knows them."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from django.test import RequestFactory

from kc_exchange import cache, capture, conf
from kc_exchange.context import bound_subject, using_subject_token
from kc_exchange.exceptions import InvalidToken, UnknownRealm
from kc_exchange.jwt_validation import validate
from kc_exchange.sources.issuers import issuer_alias
from kc_exchange.sources.keys import key_of
from kc_exchange.tokens import AccessToken, SubjectToken
from tests.servers import jwt_of

ID = "https://id.example.com/realms/"


def realm(name: str, **more: Any) -> dict[str, Any]:
    """Return the settings of a realm of that name."""
    return {"ISSUER": ID + name, "CLIENT_ID": "app", "CLIENT_SECRET": "s" * 20} | more


@pytest.fixture
def project(settings: Any) -> Any:
    """Users of two realms come, and a third issues tokens for a service alone."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.KC_EXCHANGE = {
        "REALMS": {
            "support": realm("acme", CLIENT_ID="impersonator"),
            "brand": realm("acme", CLIENT_ID="brand", HOSTS=["brand.example"]),
            "default": realm("acme", HOSTS=["acme.example"]),
            "globex": realm("globex", USERS=True),
            "shared": realm("shared"),
        },
        "DOWNSTREAMS": {
            "analytics-api": {
                "BASE_URL": "https://analytics.internal",
                "STRATEGY": "cross-realm",
                "REALM": "shared",
            }
        },
    }
    return settings


def bearer(issuer: str, host: str = "testserver") -> SubjectToken | None:
    """Capture a token of that issuer at that host."""
    header = f"Bearer {jwt_of(iss=issuer)}"
    request = RequestFactory().get("/", HTTP_AUTHORIZATION=header, SERVER_NAME=host)
    return capture.from_bearer(request)


@pytest.mark.usefixtures("project")
def test_realm_of_a_service_alone__logs_nobody_in() -> None:
    """Who may sign tokens for one service may not say who comes here."""
    with pytest.raises(UnknownRealm):
        bearer(ID + "shared")
    _, claims, signature = jwt_of(iss=ID + "shared").split(".")
    header = urlsafe_b64encode(b'{"alg":"RS256","kid":"k","typ":"JWT"}').decode()
    with pytest.raises(InvalidToken) as caught:
        validate(f"{header.rstrip('=')}.{claims}.{signature}")
    assert caught.value.reason == "another issuer"


@pytest.mark.usefixtures("project")
def test_realms_with_users__are_told_by_the_issuer() -> None:
    """Of several clients in one realm it is the one of `default`."""
    found = [bearer(ID + name) for name in ("acme", "globex")]

    assert [one.realm for one in found if one] == ["default", "globex"]
    assert [one.alias for one in conf.current().user_realms] == [
        "default",
        "brand",
        "globex",
    ]


def test_host__decides_between_clients_of_one_realm(project: Any) -> None:
    """What came in at the brand's address is exchanged by the brand's client."""
    by_host = "kc_exchange.capture.realm_by_host"
    project.KC_EXCHANGE = project.KC_EXCHANGE | {"REALM_OF_REQUEST": by_host}

    found = [bearer(ID + "acme", f"{name}.example") for name in ("brand", "acme")]

    assert [one.realm for one in found if one] == ["brand", "default"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (None, ["default", "default", "default", "globex"]),
        ("acme", ["acme", "acme", "acme", "globex"]),
        ({"brand": "b"}, ["b", "b", "b", "globex"]),
        ({"default": "a", "support": "s", "globex": "g"}, ["a", "s", "a", "g"]),
    ],
)
def test_issuer__is_named_alike_for_all_its_clients(
    project: Any, named: Any, expected: list[str]
) -> None:
    """An impersonator's realm is its users', and another tenant's is never meant."""
    settings = project.KC_EXCHANGE
    if named is not None:
        settings["DOWNSTREAMS"]["analytics-api"]["SUBJECT_ISSUER"] = named
    project.KC_EXCHANGE = dict(settings)
    downstream = conf.current().downstream("analytics-api")

    found = [
        issuer_alias(downstream, SubjectToken(value="t", realm=alias))
        for alias in ("default", "support", "brand", "globex")
    ]

    assert found == expected


@pytest.mark.parametrize(
    ("void", "left"),
    [
        ("acme", {"globex", "globex-there", "service"}),
        ("globex", {"acme", "acme-there", "service"}),
        ("shared", {"acme", "globex"}),
        ("elsewhere", {"acme", "globex", "acme-there", "globex-there", "service"}),
    ],
)
@pytest.mark.usefixtures("project")
def test_realm_that_voids_its_tokens__leaves_the_others(
    void: str, left: set[str]
) -> None:
    """It takes what it issued, and what was obtained for one of its tokens."""
    realms = conf.current().realms
    acme, globex = (
        SubjectToken(value="t", realm=name) for name in ("default", "globex")
    )
    keys = {
        "acme": key_of(realms["default"], acme),
        "globex": key_of(realms["globex"], globex),
        "acme-there": key_of(realms["shared"], acme),
        "globex-there": key_of(realms["shared"], globex),
        "service": key_of(realms["shared"], None),
    }
    for name, key in keys.items():
        kept = cache.brokered if name == "service" else cache.tokens
        kept.obtain(key, lambda _: AccessToken(value="a.b.c", expires_at=4e9), 1.0)

    cache.drop_issuer(ID + void, int(time.time()))

    found = {
        name
        for name, key in keys.items()
        if cache.tokens.get(key) or cache.brokered.get(key)
    }
    assert found == left


@pytest.mark.usefixtures("project")
def test_token_at_hand__goes_to_the_realm_that_it_names() -> None:
    """A script that says no realm shows no tenant's token to another's Keycloak."""
    found = []
    for value in (jwt_of(iss=ID + "globex"), jwt_of(iss=ID + "acme"), "opaque"):
        with using_subject_token(value):
            found.append(bound_subject().token().realm)

    assert found == ["globex", "default", "default"]
