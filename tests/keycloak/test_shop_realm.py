"""The demo's realm: whoever imports it can do what the README says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.keycloak.browser import Browser, Page, landed
from tests.keycloak.rows import exchange_form

if TYPE_CHECKING:
    from tests.keycloak.servers import Server

SHOP = {"client_id": "shop", "client_secret": "shop-demo-secret-change-me"}


@pytest.fixture
def shop(keycloak: Server) -> Server:
    """The server's face for the demo's realm."""
    return keycloak.of("shop-copy")


def log_in(shop: Server, username: str) -> dict[str, Any]:
    """The reply to a login with the demo's password."""
    form = {
        "grant_type": "password",
        "scope": "openid",
        "username": username,
        "password": f"{username}-demo",
    }
    return granted(shop, [*form.items()])


def exchange(shop: Server, username: str, **changes: Any) -> dict[str, Any]:
    """The claims of what the shop gets in exchange for a user's token."""
    subject = log_in(shop, username)["access_token"]
    form = [*exchange_form(subject, **changes)]
    return shop.claims(granted(shop, form)["access_token"])


def granted(shop: Server, form: list[tuple[str, str]]) -> dict[str, Any]:
    """The token endpoint's reply to the shop, which must not refuse."""
    reply = shop.post("token", [*form, *SHOP.items()])
    assert reply.status_code == 200, reply.json()
    return dict(reply.json())


@pytest.mark.parametrize(
    ("username", "role"), [("alice", "customer"), ("bob", "customer"), ("sam", "staff")]
)
def test_login__carries_the_role(shop: Server, username: str, role: str) -> None:
    """Each person of the demo has one role and an address at the shop."""
    claims = shop.claims(log_in(shop, username)["access_token"])
    assert {"customer", "staff"} & set(claims["realm_access"]["roles"]) == {role}
    assert (claims["azp"], claims["email"]) == ("shop", f"{username}@shop.example")


def test_login__is_short(shop: Server) -> None:
    """The demo shows refreshing, so an access token lives for twenty seconds."""
    reply = log_in(shop, "alice")
    again = granted(
        shop,
        [
            ("grant_type", "refresh_token"),
            ("refresh_token", reply["refresh_token"]),
        ],
    )
    assert {reply["expires_in"], again["expires_in"]} <= {19, 20}


@pytest.mark.parametrize(
    ("audience", "scope"),
    [
        ("orders-api", "orders:read"),
        ("orders-api", "orders:write"),
        ("billing-api", "billing:read"),
    ],
)
def test_exchange__reaches_one_service(shop: Server, audience: str, scope: str) -> None:
    """Each scope leads to its own service and to no other."""
    claims = exchange(shop, "alice", audience=audience, scope=scope)
    assert (claims["aud"], claims["azp"]) == (audience, "shop")
    assert scope in claims["scope"].split()
    assert claims["resource_access"] == {}


def test_exchange__keeps_the_role_at_the_service(shop: Server) -> None:
    """Staff may refund; the service reads it from the token made for it."""
    claims = exchange(shop, "sam", audience="orders-api", scope="orders:read")
    assert claims["resource_access"] == {"orders-api": {"roles": ["refund"]}}


def test_exchange__needs_the_scope(shop: Server) -> None:
    """No scope, no audience: a view cannot reach further than its settings."""
    subject = log_in(shop, "alice")["access_token"]
    form = exchange_form(subject, audience="billing-api", scope="orders:read")
    reply = shop.post("token", [*form, *SHOP.items()])
    assert reply.json()["error_description"] == (
        "Requested audience not available: billing-api"
    )


def test_service_account__speaks_for_the_shop(shop: Server) -> None:
    """The service-account strategy gets a token of the shop itself."""
    form = [("grant_type", "client_credentials"), ("scope", "orders:read")]
    claims = shop.claims(granted(shop, form)["access_token"])
    assert claims["preferred_username"] == "service-account-shop"
    assert "orders-api" in claims["aud"]


@pytest.mark.parametrize("service", ["orders-api", "billing-api"])
def test_service__may_introspect(shop: Server, service: str) -> None:
    """A service can ask Keycloak about a token that was made for it."""
    scope = service.replace("-api", ":read")
    subject = log_in(shop, "alice")["access_token"]
    form = [*exchange_form(subject, audience=service, scope=scope)]
    asked = {
        "token": granted(shop, form)["access_token"],
        "client_id": service,
        "client_secret": f"{service}-demo-secret-change-me",
    }
    assert shop.post("token/introspect", asked).json()["active"] is True


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/oidc/callback/",
        "http://127.0.0.1:54321/oidc/callback/",
        "http://localhost:8000/oidc/callback/",
        "http://localhost:54321/oidc/callback/",
    ],
)
def test_login_page__leads_back_to_any_port(shop: Server, address: str) -> None:
    """The demo takes a free port and needs no change of the realm."""
    reply = Browser(shop).log_in(client_id="shop", redirect_uri=address)
    assert "code" in landed(reply, at=address)


def test_login_page__insists_on_pkce(shop: Server) -> None:
    """A login without a challenge goes back with an error."""
    reply = Browser(shop).open(
        client_id="shop", code_challenge=None, code_challenge_method=None
    )
    assert landed(reply)["error"] == "invalid_request"


def test_login_page__never_leads_elsewhere(shop: Server) -> None:
    """Another host is not the demo."""
    reply = Browser(shop).open(
        client_id="shop", redirect_uri="http://elsewhere.example/oidc/callback/"
    )
    assert reply.status_code == 400
    assert "Invalid parameter: redirect_uri" in Page(reply.text).text


@pytest.mark.parametrize("host", ["127.0.0.1:54321", "localhost:54321"])
def test_logout__leads_back_to_any_port(shop: Server, host: str) -> None:
    """After the logout the person is back at the demo's start."""
    browser = Browser(shop)
    code = browser.code(client_id="shop")
    identity = browser.redeem(code, **SHOP).json()["id_token"]
    asked = {"id_token_hint": identity, "post_logout_redirect_uri": f"http://{host}/"}
    reply = browser.send("GET", shop.endpoint("logout"), params=asked)
    landed(reply, at=f"http://{host}/")
