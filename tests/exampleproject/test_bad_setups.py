"""Whoever sets it up wrongly reads cause and fix: no traceback, no token."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from exampleproject.demo.keycloak import realms
from exampleproject.demo.page import Page
from exampleproject.demo.visitor import refused
from kc_exchange.testing import EmbeddedKeycloak
from tests.exampleproject.shops import JSON, manage, says_plainly, shop, visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests


@pytest.fixture
def keycloak() -> Iterator[EmbeddedKeycloak]:
    """A Keycloak that a test may spoil."""
    with EmbeddedKeycloak(*realms()) as server:
        yield server


@pytest.fixture(autouse=True)
def _terminal_is_plain(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """What the shop and its services wrote is plain, whatever happened."""
    yield
    written = capfd.readouterr()
    assert says_plainly(written.out + written.err)


def page(reply: requests.Response) -> str:
    """The text of a page that must be plain."""
    assert says_plainly(reply.text)
    return Page(reply.text).text


# A wrong secret


def test_wrong_secret__on_the_pages(
    keycloak: EmbeddedKeycloak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home page says why the stock is not known, the login why it fails."""
    monkeypatch.setenv("SHOP_CLIENT_SECRET", "not-the-secret-of-the-client")
    with shop(keycloak.url) as running, visitor(running) as somebody:
        home = page(somebody.open(""))
        login = somebody.log_in("alice", "alice-demo")
    assert login.status_code == 500
    for text in (home, page(login)):
        assert "does not accept the credential of client shop" in text
        assert "the client's Credentials tab" in text


def test_wrong_secret__in_the_terminal() -> None:
    """The demo's check stops at the login, and says which secret."""
    done = manage("demo", "--check", SHOP_CLIENT_SECRET="not-the-secret-of-the-client")
    assert done.returncode == 1
    assert "login:" in done.stderr
    assert "does not accept the credential of client shop" in done.stderr
    assert "Fix: Compare CLIENT_ID and its secret" in done.stderr
    assert says_plainly(done.stdout + done.stderr)


# A wrong audience


@pytest.mark.parametrize(
    ("audience", "status", "cause", "fix"),
    [
        (
            "billing-api",
            403,
            "does not put the audience billing-api",
            "audience mapper",
        ),
        ("orders", 500, "The realm has no client orders", "client id"),
    ],
)
def test_wrong_audience__on_the_page(
    keycloak: EmbeddedKeycloak,
    monkeypatch: pytest.MonkeyPatch,
    audience: str,
    status: int,
    cause: str,
    fix: str,
) -> None:
    """Keycloak's refusal is translated into what to change, and where."""
    monkeypatch.setenv("SHOP_ORDERS_API_AUDIENCE", audience)
    with shop(keycloak.url) as running, visitor(running) as alice:
        reply = alice.log_in("alice", "alice-demo")
    assert reply.status_code == status
    assert cause in page(reply)
    assert fix in page(reply)


def test_wrong_audience__of_the_service(
    keycloak: EmbeddedKeycloak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service knows itself by another name: the page says who refused."""
    monkeypatch.setenv("SHOP_SERVICE_AUDIENCE", "somebody-else")
    with shop(keycloak.url) as running, visitor(running) as alice:
        reply = alice.log_in("alice", "alice-demo")
        invoices = alice.open("invoices/")
        call = alice.open("api/orders/", headers=JSON)
    assert reply.status_code == invoices.status_code == call.status_code == 502
    assert "orders-api does not accept the token it was given (401)" in page(reply)
    assert "AUDIENCE of orders-api" in page(reply)
    assert "billing-api does not accept the token" in page(invoices)
    assert "AUDIENCE" in call.json()["trouble"]["fix"]


# A stopped Keycloak


def test_stopped_keycloak__on_the_pages() -> None:
    """The shop stays up and says what is away; nobody meets the browser's own error."""
    with (
        EmbeddedKeycloak(*realms()) as keycloak,
        shop(keycloak.url) as running,
        visitor(running, "alice") as alice,
        visitor(running) as somebody,
    ):
        token = keycloak.token("shop", "alice", client_id="shop-app")
        keycloak.stop()
        orders = alice.open("invoices/")
        home = somebody.open("")
        login = somebody.open("orders/")
        headers = {"Authorization": f"Bearer {token}"}
        api = somebody.open("api/orders/", headers=headers)
    assert (orders.status_code, login.status_code) == (503, 503)
    assert "Retry-After" in orders.headers
    assert "Keycloak" in page(orders)
    told = refused("invoices/", orders)
    assert told.cause.endswith("refuses or drops the connection.")
    assert told.fix == (
        "Check that Keycloak runs and that this machine reaches it; then try again."
    )
    assert home.status_code == 200
    assert "Morning mug" in page(home)
    assert "Keycloak does not answer at" in page(login)
    assert "Start Keycloak" in page(login)
    assert api.status_code == 503
    assert says_plainly(api.text)


def test_stopped_service__on_the_pages(keycloak: EmbeddedKeycloak) -> None:
    """The page names the service that is away."""
    with shop(keycloak.url) as running, visitor(running, "alice") as alice:
        for child in running.children[:2]:
            child.stop()
        replies = {path: alice.open(path) for path in ("orders/", "invoices/")}
    assert {reply.status_code for reply in replies.values()} == {502}
    assert "orders-api does not answer" in page(replies["orders/"])
    assert "Start billing-api" in page(replies["invoices/"])


@pytest.mark.parametrize("arguments", [(), ("--check",)])
def test_stopped_keycloak__in_the_terminal(arguments: tuple[str, ...]) -> None:
    """The demo does not begin, and says what to start."""
    done = manage("demo", "--keycloak", "http://127.0.0.1:9", *arguments)
    assert done.returncode == 1
    assert "No Keycloak answers at http://127.0.0.1:9" in done.stderr
    assert "Fix: Start it" in done.stderr
    assert says_plainly(done.stdout + done.stderr)


def test_missing_realm__in_the_terminal() -> None:
    """The demo says how to make it."""
    with EmbeddedKeycloak({"realm": "another"}) as keycloak:
        done = manage("demo", "--keycloak", keycloak.url)
    assert done.returncode == 1
    assert "has no realm 'shop'" in done.stderr
    assert f"SHOP_ISSUER={keycloak.url}/realms/shop" in done.stderr
    assert "provision --apply" in done.stderr
    assert says_plainly(done.stdout + done.stderr)


def test_missing_brand__in_the_terminal() -> None:
    """A Keycloak that was set up before there was a second brand."""
    with EmbeddedKeycloak(*realms()[:1]) as keycloak:
        done = manage("demo", "--keycloak", keycloak.url)
    assert done.returncode == 1
    assert "has no realm 'studio'" in done.stderr


def test_busy_port__of_the_parcel_service(keycloak: EmbeddedKeycloak) -> None:
    """A running Keycloak expects it at one port, which somebody else may have."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        place = f"http://127.0.0.1:{port}/realms/parcel"
        done = manage("demo", "--keycloak", keycloak.url, SHOP_PARCEL_ISSUER=place)
    assert done.returncode == 1
    assert f"cannot have port {port}" in done.stderr
    assert "SHOP_PARCEL_ISSUER" in done.stderr
    assert says_plainly(done.stdout + done.stderr)


def test_no_url__in_the_terminal() -> None:
    """An address that is none is said to be one."""
    done = manage("demo", "--keycloak", "nonsense")
    assert done.returncode == 1
    assert "'nonsense' is not the address of a Keycloak" in done.stderr
    assert "Fix: Begin it with http://" in done.stderr
    assert says_plainly(done.stdout + done.stderr)


# An expired token


def test_expired_token__of_a_program(keycloak: EmbeddedKeycloak) -> None:
    """The API says what is wrong in the words of RFC 6750."""
    expired = keycloak.expired_token("shop", "alice", client_id="shop-app")
    with shop(keycloak.url) as running, visitor(running) as app:
        headers = {"Authorization": f"Bearer {expired}", **JSON}
        reply = app.open("api/orders/", headers=headers)
    assert reply.status_code == 401
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]
    assert reply.json()["detail"] == "The access token is not valid."


def test_expired_token__that_cannot_be_refreshed(keycloak: EmbeddedKeycloak) -> None:
    """Whose session is over at Keycloak logs in again, and a program is told to."""
    with shop(keycloak.url) as running, visitor(running, "alice") as alice:
        keycloak.logout("shop", "alice")
        program = alice.open("invoices/", headers=JSON)
        person = alice.open("invoices/")
    assert program.status_code == 401
    assert program.json()["error"]["code"] == "subject_token_expired"
    assert "ogin" in program.text or "og in" in program.text
    assert person.url.startswith(keycloak.issuer("shop"))
    assert says_plainly(program.text + person.text)
