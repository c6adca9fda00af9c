"""Which features a server must be started with, and what happens without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.conf.parse import parse
from kc_exchange.provision import features
from tests.provision.company import NOWHERE
from tests.provision.kinds import on
from tests.provision.wants import ACME, SHARED
from tests.real_keycloak import LEGACY, PERMISSIONS, STANDARD

if TYPE_CHECKING:
    from tests.provision.commands import Command
    from tests.provision.company import Company
    from tests.provision.real import Keycloak

BOTH = ("token-exchange", "admin-fine-grained-authz:v1")
STANDARD_ONE = "token-exchange-standard"
CORPORATE = {"corporate": {"ISSUER": "https://idp.example", "AUDIENCES": ["*"]}}


def needed(*, impersonates: bool = False, **downstream: Any) -> tuple[str, ...]:
    """The features for one downstream, or for none."""
    raw: dict[str, Any] = {
        "REALMS": {"default": ACME, "shared": SHARED},
        "PROVIDERS": downstream.pop("PROVIDERS", {}),
    }
    if downstream:
        raw["DOWNSTREAMS"] = {"api": {"BASE_URL": NOWHERE, **downstream}}
    settings, problems = parse(raw, debug=False)
    assert settings is not None, problems
    return features.needed(settings, impersonates=impersonates)


@pytest.mark.parametrize(
    ("downstream", "expected"),
    [
        ({}, ()),
        ({"STRATEGY": "forward"}, ()),
        ({"STRATEGY": "service-account"}, ()),
        ({"STRATEGY": "exchange"}, (STANDARD_ONE,)),
        (
            {"STRATEGY": "jwt-grant", "REALM": "shared"},
            (STANDARD_ONE, "jwt-authorization-grant"),
        ),
        ({"STRATEGY": "cross-realm", "REALM": "shared"}, (*BOTH, STANDARD_ONE)),
        ({"STRATEGY": "linked", "REQUESTED_ISSUER": "x"}, BOTH),
        ({"PROVIDERS": CORPORATE}, BOTH),
    ],
)
def test_needed__by_strategy(
    downstream: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert needed(**downstream) == expected


def test_needed__by_impersonation() -> None:
    found = needed(impersonates=True, STRATEGY="exchange")

    assert found == ("token-exchange", STANDARD_ONE)
    assert features.to_name(found, ()) == ("token-exchange",)


def test_missing__as_the_server_says() -> None:
    reported = [
        {"name": "TOKEN_EXCHANGE", "enabled": True},
        {"name": "ADMIN_FINE_GRAINED_AUTHZ", "enabled": False},
    ]

    assert features.missing(BOTH, {"features": reported}) == BOTH[1:]
    assert features.missing(BOTH, {}) == ()


@on(STANDARD, LEGACY, PERMISSIONS)
def test_server__says_what_it_lacks(
    keycloak: Keycloak, company: Company, provisioned: Command
) -> None:
    """And all that does not need it is done, once and for all."""
    lacks = {STANDARD: BOTH, LEGACY: BOTH[1:], PERMISSIONS: ()}[keycloak.features]

    found = provisioned.document()

    assert found["features"] == {"needed": [*BOTH], "missing": [*lacks]}
    waiting = {(one["realm"], one["place"]) for one in found["changes"]}
    providers = {
        (company.names["acme"], "Identity providers > corporate"),
        (company.names["shared"], "Identity providers > acme"),
        (company.names["shared"], "Identity providers > globex"),
    }
    assert waiting == (providers if lacks else set())
    if lacks:
        _, error = provisioned.fails(2, "--apply")
        assert f"The server lacks the feature {', '.join(lacks)}." in error
        assert f"--features={','.join(BOTH)}. Then run it again." in error
