"""What the admin console calls what is changed."""

from __future__ import annotations

import pytest

from kc_exchange.management.provision_report import places
from kc_exchange.provision.places import label
from tests.provision.plans import has, one, wants

APP = "Clients > app"


@pytest.mark.parametrize(
    ("kind", "member", "place", "called"),
    [
        (
            "client",
            "fullScopeAllowed",
            APP,
            "Client scopes > app-dedicated > Scope > Full scope allowed",
        ),
        ("client", "protocolMappers", APP, "Client scopes > app-dedicated > Mappers"),
        ("client", "attributes.use.jwks.string", APP, "Keys > Use JWKS URL"),
        ("client", "{client}-dedicated", APP, "{client}-dedicated"),
        ("scope", "roles", "Client scopes > read", "Scope > Assign role"),
        ("scope", "protocol", "Client scopes > read", "Settings > Protocol"),
        (
            "realm",
            "smtpServer.host",
            "Realm settings",
            "Email > Connection & Authentication > Host",
        ),
        ("identityProviderMappers", "identityProviderMapper", "x", "Mapper type"),
        ("user", "unknown", "Users > alice", "unknown"),
    ],
)
def test_label(kind: str, member: str, place: str, called: str) -> None:
    assert label(kind, tuple(member.split(".")), place) == called


def test_place__of_a_clients_own_mapper_and_roles() -> None:
    mapper = {"name": "team", "protocolMapper": "oidc-hardcoded-claim-mapper"}
    client = {"clientId": "app", "protocolMappers": [mapper]}
    mapping = {"client": "app", "roles": ["staff"]}

    made = one(wants(clients=[client]), has(clients=[{"clientId": "app"}]))
    limited = one(wants(scopeMappings=[mapping]), has())

    own = "Clients > app > Client scopes > app-dedicated"
    assert made.place == f"{own} > Mappers > team"
    assert places(limited) == [f"{own} > Scope > Assign role"]
