"""What is wanted for impersonation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.provision.wants import (
    SHARED,
    SUPPORT,
    audiences,
    client,
    of,
)

if TYPE_CHECKING:
    from kc_exchange.provision.draft import Wanted


def impersonating(**limits: str) -> Wanted:
    more = {"IMPERSONATION": {"REALM": "support", **limits}}
    found = of({"SCOPES": ["read"]}, impersonates=True, more=more, support=SUPPORT)
    return found["acme"]


def test_impersonation__has_a_client_of_its_own() -> None:
    support = client(impersonating(), "app-support")

    flows = [value for key, value in support.items() if key.endswith("Enabled")]
    assert flows == [False] * 4
    assert support["attributes"] == {
        "access.token.lifespan": "60",
        "standard.token.exchange.enabled": "true",
    }
    assert support["optionalClientScopes"] == ["read"]


def test_impersonation__operators_tokens_name_that_client() -> None:
    found = impersonating(OPERATOR_ROLE="helpdesk")

    assert client(found, "app")["defaultClientScopes"] == ["impersonation"]
    assert audiences(found, "impersonation") == ["app-support"]
    assert found.document["scopeMappings"] == [
        {"clientScope": "impersonation", "roles": ["helpdesk"]}
    ]
    assert found.document["roles"]["realm"] == [
        {
            "name": "helpdesk",
            "composites": {"client": {"realm-management": ["impersonation"]}},
        }
    ]


def test_impersonation__without_a_role() -> None:
    """Who has realm-management/impersonation is said elsewhere."""
    found = impersonating()

    assert not {"scopeMappings", "roles"} & set(found.document)


def test_impersonation__by_the_login_itself() -> None:
    """It needs its flows, and its tokens are its own."""
    found = of({}, impersonates=True)["acme"]

    app = client(found, "app")
    assert "standardFlowEnabled" not in app
    assert app["attributes"] == {"standard.token.exchange.enabled": "true"}
    assert "impersonation" not in app["defaultClientScopes"]


def test_impersonation__goes_on_to_other_realms() -> None:
    """The impersonating client, too, exchanges for an assertion."""
    downstream = {
        "STRATEGY": "jwt-grant",
        "REALM": "shared",
        "ASSERTION_SCOPES": ["to-shared"],
    }
    more = {"IMPERSONATION": {"REALM": "support"}}
    found = of(downstream, impersonates=True, more=more, support=SUPPORT, shared=SHARED)

    app = client(found["acme"], "app-support")
    assert app["optionalClientScopes"] == ["to-shared"]
