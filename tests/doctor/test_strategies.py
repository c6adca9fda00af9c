"""The other ways to a downstream's token, and where they end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doctor import changes
from tests.doctor.double import double, refuses, token_of
from tests.doctor.kinds import Kind
from tests.doctor.realms import ANNEX
from tests.doctor.test_broken import told
from tests.doctor.tokens import Login, Partners
from tests.doctor.world import world
from tests.real_keycloak import PERMISSIONS, STANDARD
from tests.servers.acts import grants

if TYPE_CHECKING:
    from collections.abc import Callable

EMBEDDED = Kind(STANDARD, real=False)
REAL, PERMITTED = Kind(STANDARD, real=True), Kind(PERMISSIONS, real=True)
_SAID = "Invalid client or Invalid client credentials"
NO_CLIENT = refuses(401, "invalid_client", _SAID)


def exchange_of(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return states and causes of the steps that bring a token."""
    steps = {"exchange", "assertion", "start"}
    return [(f["state"], f["cause"]) for f in report["findings"] if f["step"] in steps]


def test_service_account__is_given_a_token(
    partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """No user is concerned, and none is asked for."""
    with world(EMBEDDED, partner) as sound:
        found = sound.settings()
        found["DOWNSTREAMS"]["orders-api"]["STRATEGY"] = "service-account"
        settings.KC_EXCHANGE = found
        report = examined("--audience", "orders-api")

    assert exchange_of(report) == [
        ("ok", "The service account is given a token for it.")
    ]


def test_forward__goes_as_it_is(
    partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """Nothing can be said without the token; with it, whether it is for the service."""
    with world(EMBEDDED, partner) as sound:
        found = sound.settings()
        orders = found["DOWNSTREAMS"]["orders-api"]
        orders |= {"STRATEGY": "forward", "AUDIENCE": "django-app"}
        settings.KC_EXCHANGE = found
        without = examined("--audience", "orders-api")
        report = examined("--audience", "orders-api", token=Login().obtain(sound))

    assert exchange_of(without)[0][0] == "unknown"
    assert exchange_of(report) == [("ok", "The user's own token is for it, too.")]


def test_forward__to_keycloak_itself(
    partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """Its user info takes the login's token, which names it in no `aud`."""
    with world(EMBEDDED, partner) as sound:
        found = sound.settings()
        place = f"{sound.issuer()}/protocol/openid-connect/"
        found["DOWNSTREAMS"]["userinfo"] = {"BASE_URL": place, "STRATEGY": "forward"}
        settings.KC_EXCHANGE = found
        report = examined("--audience", "userinfo", token=Login().obtain(sound))

    assert exchange_of(report) == [
        ("ok", "It is Keycloak itself, which takes the user's own token.")
    ]


def test_forward__of_another_realm(settings: Any, examined: Callable[..., Any]) -> None:
    """A token does not leave for a service of another realm."""
    with double(settings) as server:
        other = {**settings.KC_EXCHANGE["REALMS"]["default"], "ISSUER": server.url}
        settings.KC_EXCHANGE["REALMS"]["other"] = other
        orders = settings.KC_EXCHANGE["DOWNSTREAMS"]["orders-api"]
        orders |= {"STRATEGY": "forward", "REALM": "other"}
        report = examined("--audience", "orders-api", token=token_of(server.issuer))

    assert "A standard exchange stays in one realm" in str(report)


@pytest.mark.parametrize(
    "strategy", ["exchange", "service-account", "linked", "cross-realm", "jwt-grant"]
)
def test_way__ends_at_a_realm_that_is_wrong(
    settings: Any, examined: Callable[..., Any], strategy: str
) -> None:
    """What comes after the requester is not examined, and it is said why."""
    with double(settings, own=NO_CLIENT) as server:
        default = settings.KC_EXCHANGE["REALMS"]["default"]
        annex = {**default, "ISSUER": f"{server.url}/realms/annex"}
        settings.KC_EXCHANGE["REALMS"]["annex"] = annex
        orders = settings.KC_EXCHANGE["DOWNSTREAMS"]["orders-api"]
        orders |= {"STRATEGY": strategy, "REQUESTED_ISSUER": "github"}
        if strategy in ("cross-realm", "jwt-grant"):
            orders["REALM"] = "annex"
        token = token_of(server.issuer)
        report = examined("--audience", "orders-api", token=token)

    states = {state for state, _ in exchange_of(report)}
    assert states == {"unknown"}, told(report)
    assert "something is wrong with the realm" in str(exchange_of(report))
    assert report["exit_code"] == 1


def test_impersonation__ends_at_a_realm_that_is_wrong(
    settings: Any, examined: Callable[..., Any]
) -> None:
    with double(settings, own=NO_CLIENT) as server:
        report = examined("--target", "bob", token=token_of(server.issuer))

    assert "something is wrong with the realm default" in str(exchange_of(report)[-1])


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        (["impersonation"], "the given token has the role"),
        (["view-users"], "the given token is no operator's"),
        (None, "the given token is no operator's"),
    ],
)
def test_impersonation__without_a_target(
    settings: Any, examined: Callable[..., Any], roles: object, words: str
) -> None:
    """Nothing is begun; the token says whether its owner could."""
    invalid = refuses(400, "invalid_request", "Invalid token")
    access = {"realm-management": {"roles": roles}}
    with double(settings, features=invalid) as server:
        token = token_of(server.issuer, resource_access=access)
        report = examined(token=token)

    assert words in exchange_of(report)[-1][1]


def test_exchange__that_the_legacy_one_answers(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """Where its permissions allow it, it does; the token's own id tells."""
    with double(settings, exchange=grants(claims={"jti": "onrtna:1"})) as server:
        token = token_of(server.issuer)
        report = examined("--audience", "orders-api", token=token)

    assert "legacy_answers" in [f["code"] for f in report["findings"]]


def test_exchange__whose_audience_nobody_can_explain(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """Where the look without an audience is refused, too, the first words stand."""
    text = "Requested audience not available: orders-api"
    answer = refuses(400, "invalid_request", text)
    with double(settings, exchange=answer) as server:
        token = token_of(server.issuer)
        report = examined("--audience", "orders-api", token=token)

    (found,) = [f for f in report["findings"] if f["code"] == "audience_not_available"]
    assert found["state"] == "wrong"
    assert text in found["cause"]


@pytest.mark.parametrize("kind", [REAL.param()])
def test_grant__ends_where_one_realm_is_wrong(
    kind: Kind, partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """Either realm is examined as far as it goes without the other."""
    with world(kind, partner) as sound:
        token = Login().obtain(sound)
        told_of = {}
        for alias in ("default", "annex"):
            found = sound.settings()
            found["REALMS"][alias]["CLIENT_SECRET"] = "another-secret-than-there"
            settings.KC_EXCHANGE = found
            told_of[alias] = exchange_of(examined("--audience", "stock", token=token))

    closed, tried = told_of["default"]
    assert "something is wrong with the realm default" in closed[1]
    assert tried == ("ok", "annex-app may present assertions in annex.")
    made, closed = told_of["annex"]
    assert made[0] == "ok"
    assert "something is wrong with the realm annex" in closed[1]


@pytest.mark.parametrize("kind", [PERMITTED.param()])
def test_broker__whose_first_token_is_narrow_enough(
    kind: Kind, partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """Where the scope is a default one and brings nobody else, nothing is left."""
    narrow = (
        changes.Scopes("annex-app", "optional", fewer=("stock:read",), realm=ANNEX),
        changes.Scopes("annex-app", "default", more=("stock:read",), realm=ANNEX),
        changes.client("annex-app", ANNEX, fullScopeAllowed=False),
    )
    with world(kind, partner, narrow) as sound:
        settings.KC_EXCHANGE = sound.settings()
        token = Login().obtain(sound)
        report = examined("--audience", "stock-legacy", token=token)

    assert exchange_of(report)[-1] == (
        "ok",
        "Its token is for the downstream alone.",
    ), told(report)


@pytest.mark.parametrize("kind", [PERMITTED.param()])
def test_whole__of_many_strategies_with_one_token(
    kind: Kind, partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """A downstream that takes a provider's tokens is not wrong because of a user's."""
    with world(kind, partner) as sound:
        settings.KC_EXCHANGE = sound.settings()
        settings.ROOT_URLCONF = "tests.admin.office"
        report = examined(token=Login().obtain(sound))

    external = [
        f for f in report["findings"] if f["about"] == "downstream orders-partner"
    ]
    assert {f["state"] for f in external} == {"ok", "unknown"}, told(report)


@pytest.mark.parametrize("kind", [PERMITTED.param()])
def test_provider__of_logins(
    kind: Kind, partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """A provider that no downstream names is looked at by itself, with its token."""
    with world(kind, partner) as sound:
        found = sound.settings()
        del found["DOWNSTREAMS"]["orders-partner"]
        settings.KC_EXCHANGE = found
        settings.ROOT_URLCONF = "tests.admin.office"
        without = examined()
        report = examined(token=Partners().obtain(sound))

    for said, state in ((without, "unknown"), (report, "ok")):
        about = [f for f in said["findings"] if f["about"] == "provider partner"]
        assert about[0]["state"] == "ok", told(said)
        assert about[-1]["state"] == state
    assert "its session is ended again" in str(about)
