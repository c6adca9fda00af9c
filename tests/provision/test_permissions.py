"""Who may exchange a provider's tokens, beside what others have set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.provision import ProvisionFailed, Server
from kc_exchange.provision.access import Access
from kc_exchange.provision.permissions import Permit, permitted, policy_name
from kc_exchange.provision.server import FeatureOff

if TYPE_CHECKING:
    from kc_exchange.provision.server import RealmApi
    from tests.provision.stub.server import AdminApi

PERMIT = Permit("acme", ("app",))


@pytest.fixture
def realm(api: AdminApi) -> RealmApi:
    """A realm with a provider, and three clients."""
    access = Access(url=api.url, username="admin", password="admin")
    server = Server(access)
    server.create_realm({"realm": "r"})
    made = server.realm("r")
    made.send("POST", ["identity-provider", "instances"], {"alias": "acme"})
    for client in ("app", "other", "third"):
        made.send("POST", ["clients"], {"clientId": client})
    return made


def attach(api: AdminApi, strategy: str, *policies: dict[str, Any]) -> None:
    """Have somebody's policies on the permission."""
    state = api.realms["r"]
    for number, policy in enumerate(policies):
        key = f"policy-{number}"
        names = policy.get("clients", ())
        ids = [k for k, c in state.clients.items() if c["clientId"] in names]
        own = {"type": "client", "logic": "POSITIVE", "name": key}
        state.policies[key] = {**own, **policy, "id": key, "clients": ids}
    state.permissions["acme"] = {
        "id": "permission",
        "decisionStrategy": strategy,
        "policies": [f"policy-{number}" for number in range(len(policies))],
    }


def may(realm: RealmApi) -> set[str]:
    """The clients that may exchange the tokens of provider `acme`."""
    found = permitted(realm, "acme")
    assert found is not None
    return set(found)


def test_permitted__nobody_at_first(realm: RealmApi) -> None:
    assert may(realm) == set()


def test_permit__lets_a_client_in(realm: RealmApi, api: AdminApi) -> None:
    PERMIT.send(realm)

    assert may(realm) == {"app"}
    (policy,) = api.realms["r"].policies.values()
    assert policy["name"] == policy_name("acme")
    assert api.realms["r"].permissions["acme"]["decisionStrategy"] == "AFFIRMATIVE"


def test_permit__adds_to_its_own_policy(realm: RealmApi) -> None:
    PERMIT.send(realm)
    Permit("acme", ("other",)).send(realm)

    assert may(realm) == {"app", "other"}


def test_permit__adds_to_those_of_others(realm: RealmApi, api: AdminApi) -> None:
    attach(api, "AFFIRMATIVE", {"clients": ["other"]})

    PERMIT.send(realm)

    assert may(realm) == {"app", "other"}


def test_permit__loosens_nothing(realm: RealmApi, api: AdminApi) -> None:
    """All of somebody's policies must agree: that is theirs to change."""
    attach(api, "UNANIMOUS", {"clients": ["other"]}, {"type": "time"})

    with pytest.raises(ProvisionFailed, match="policies that must all agree") as caught:
        PERMIT.send(realm)

    assert "app" in caught.value.fix
    assert len(api.realms["r"].permissions["acme"]["policies"]) == 2


@pytest.mark.parametrize(
    ("strategy", "policies", "known"),
    [
        ("UNANIMOUS", [{"clients": ["app", "other"]}], {"app", "other"}),
        ("UNANIMOUS", [{"clients": ["app"]}, {"clients": ["app", "other"]}], {"app"}),
        ("UNANIMOUS", [{"clients": ["app"]}, {"type": "role"}], set()),
        ("AFFIRMATIVE", [{"clients": ["app"]}, {"type": "role"}], {"app"}),
        ("AFFIRMATIVE", [{"clients": ["app"], "logic": "NEGATIVE"}], set()),
        ("UNANIMOUS", [], set()),
    ],
)
def test_permitted__by_policies(
    realm: RealmApi, api: AdminApi, strategy: str, policies: Any, known: set[str]
) -> None:
    attach(api, strategy, *policies)

    assert may(realm) == known


def test_permit__without_the_feature(realm: RealmApi, api: AdminApi) -> None:
    api.features.remove("admin-fine-grained-authz:v1")

    assert permitted(realm, "acme") is None
    with pytest.raises(FeatureOff):
        PERMIT.send(realm)
