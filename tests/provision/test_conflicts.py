"""What is in the place of something that is wanted is refused, and stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.conf.parse import parse
from kc_exchange.provision import ProvisionFailed
from kc_exchange.provision.planning import plan
from kc_exchange.provision.rules import OneOf
from kc_exchange.provision.wanted import wanted as wanted_of
from tests.provision.company import NOWHERE
from tests.provision.kinds import SMALL, on
from tests.provision.plans import has, wants
from tests.provision.wants import ACME
from tests.real_keycloak import PERMISSIONS

if TYPE_CHECKING:
    from tests.provision.commands import Command
    from tests.provision.company import Company
    from tests.provision.real import Keycloak

CLIENT = {"clientId": "app", "protocol": "openid-connect"}
SCOPE = {"name": "read", "protocol": "openid-connect"}
MAPPER = {"name": "audience app", "protocolMapper": "oidc-audience-mapper"}
CLAIM = MAPPER | {"protocolMapper": "oidc-hardcoded-claim-mapper"}
PROVIDER = {"alias": "acme", "providerId": OneOf(("oidc", "keycloak-oidc"))}


@pytest.mark.parametrize(
    ("kind", "wanted", "there", "cause"),
    [
        (
            "clients",
            CLIENT,
            CLIENT | {"protocol": "saml"},
            (
                "Clients > app of realm 'acme' is something else: its protocol is "
                "'saml', not 'openid-connect'."
            ),
        ),
        ("clientScopes", SCOPE, SCOPE | {"protocol": "saml"}, "Client scopes > read"),
        (
            "clientScopes",
            SCOPE | {"protocolMappers": [MAPPER]},
            SCOPE | {"protocolMappers": [CLAIM]},
            "Client scopes > read > Mappers > audience app",
        ),
        (
            "identityProviders",
            PROVIDER,
            {"alias": "acme", "providerId": "saml"},
            (
                "Identity providers > acme of realm 'acme' is something else: its "
                "providerId is 'saml', not 'oidc'."
            ),
        ),
    ],
)
def test_plan__refuses_to_make_it_something_else(
    kind: str, wanted: Any, there: Any, cause: str
) -> None:
    with pytest.raises(ProvisionFailed) as caught:
        plan([wants(**{kind: [wanted]})], has(**{kind: [{"id": "1", **there}]}))

    assert caught.value.cause.startswith(cause)
    assert "Rename it" in caught.value.fix


def test_plan__refuses_a_client_that_is_begun_as_another() -> None:
    """What a part is made with says what it is, too."""
    wanted = wants(first={"clients": [CLIENT]}, clients=[{"clientId": "app"}])

    with pytest.raises(ProvisionFailed, match="is something else"):
        plan([wanted], has(clients=[CLIENT | {"protocol": "saml"}]))


@pytest.mark.parametrize(
    ("kind", "wanted", "there"),
    [
        ("clients", CLIENT, {"clientId": "app", "protocol": None}),
        ("clients", {"clientId": "app"}, CLIENT | {"protocol": "saml"}),
        ("clientScopes", SCOPE | {"protocol": "saml"}, SCOPE | {"protocol": "saml"}),
        ("identityProviders", PROVIDER, PROVIDER | {"providerId": "keycloak-oidc"}),
    ],
)
def test_plan__of_what_is_the_same(kind: str, wanted: Any, there: Any) -> None:
    """A realm file may speak of a client of any protocol; none is OpenID Connect's."""
    changes = plan([wants(**{kind: [wanted]})], has(**{kind: [{"id": "1", **there}]}))

    assert {m.path for change in changes for m in change.members} <= {("protocol",)}


def downstreams(*, files: Any = (), **scopes: list[str]) -> Any:
    """What settings with these downstreams want, by their SCOPES."""
    realms = {"default": ACME}
    known = {name: {"BASE_URL": NOWHERE, "SCOPES": s} for name, s in scopes.items()}
    parsed, problems = parse({"REALMS": realms, "DOWNSTREAMS": known}, debug=False)
    assert parsed is not None, problems
    return wanted_of(parsed, fragments={"default": files})


def test_scope__is_not_both_given_and_asked_for() -> None:
    """Each run would move it from one place to the other."""
    with pytest.raises(ProvisionFailed) as caught:
        downstreams(orders=[], billing=["orders"])

    assert caught.value.cause.startswith("Client scope 'orders' of realm 'acme' is ")
    assert "SCOPES" in caught.value.fix


def test_scope__is_not_put_elsewhere_by_a_realm_file() -> None:
    client = {"clientId": "app", "defaultClientScopes": ["orders:read"]}

    with pytest.raises(
        ProvisionFailed, match="'orders:read' of realm 'acme' is wanted"
    ):
        downstreams(files=[{"clients": [client]}], orders=["orders:read"])


def test_scope__of_several_downstreams_is_no_conflict() -> None:
    assert downstreams(orders=["read"], billing=["read"], reports=[])


@on(SMALL, PERMISSIONS)
def test_client_of_another_protocol__stays_as_it_is(
    keycloak: Keycloak, company: Company, provisioned: Command
) -> None:
    """It got a secret and was switched on before anybody noticed."""
    name = company.names["globex"]
    broker = keycloak.client(name, "company-shared-broker")
    keycloak.call("DELETE", f"/{name}/clients/{broker['id']}")
    saml = {"clientId": broker["clientId"], "protocol": "saml", "enabled": False}
    keycloak.call("POST", f"/{name}/clients", saml)
    before = keycloak.client(name, broker["clientId"])

    for option in ("--check", "--apply"):
        _, error = provisioned.fails(2, option)

        assert "Clients > company-shared-broker of realm 'company-globex'" in error
        assert "its protocol is 'saml'" in error
    assert keycloak.client(name, broker["clientId"]) == before
