"""Row D30: what a request says of where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import RequestFactory

from kc_exchange.impersonation.address import client_address

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

PROXY, VISITOR = "10.0.0.1", "203.0.113.9"


@pytest.fixture
def proxied(settings: Any) -> None:
    chosen = {"TRUSTED_PROXIES": ["10.0.0.0/8", "fd00::/8"]}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "IMPERSONATION": chosen}


def address(peer: str, forwarded: str | None = None) -> tuple[str | None, str]:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


def test_d30__no_proxy_is_trusted():
    """Then the header is nobody's, whatever it says."""
    assert address(VISITOR, "192.0.2.1") == (VISITOR, "peer")
    assert address(PROXY, "192.0.2.1") == (PROXY, "peer")


@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (VISITOR, "192.0.2.1", (VISITOR, "peer")),
        (PROXY, VISITOR, (VISITOR, "forwarded")),
        (PROXY, f"192.0.2.1, {VISITOR}", (VISITOR, "forwarded")),
        (PROXY, f"192.0.2.1, {VISITOR}, 10.0.0.2, 10.9.9.9", (VISITOR, "forwarded")),
        (PROXY, "10.0.0.2, 10.0.0.3", (PROXY, "peer")),
        (PROXY, None, (PROXY, "peer")),
        (PROXY, "", (PROXY, "peer")),
        (PROXY, "unknown", (PROXY, "peer")),
        (PROXY, f"{VISITOR}, unknown", (PROXY, "peer")),
        (PROXY, "_hidden, 10.0.0.2", (PROXY, "peer")),
        (PROXY, "<script>", (PROXY, "peer")),
        (PROXY, f"{VISITOR}:8080", (PROXY, "peer")),
        (PROXY, "fe80::1%eth0", ("fe80::1", "forwarded")),
        (PROXY, f"::ffff:{VISITOR}", (VISITOR, "forwarded")),
        (PROXY, "1" * 4096, (PROXY, "peer")),
        (PROXY, "192.0.2.1, " * 400 + VISITOR, (VISITOR, "forwarded")),
        (f"::ffff:{PROXY}", VISITOR, (VISITOR, "forwarded")),
        ("fd00::1", "2001:db8::7", ("2001:db8::7", "forwarded")),
        ("", VISITOR, (None, "peer")),
        ("unix:", VISITOR, (None, "peer")),
    ],
)
def test_d30__proxies_are_trusted(
    peer: str, forwarded: str | None, expected: tuple[str | None, str]
):
    """The last address that no trusted proxy has; the peer where there is none."""
    assert address(peer, forwarded) == expected


@pytest.mark.django_db
def test_d30__forged_header_in_the_record(desk: Desk):
    """The grant holds the peer's address, and the record who said so."""
    headers = {"X-Forwarded-For": "192.0.2.1"}
    response = desk.client.post(
        "/start/",
        {"target": desk.target.pk, "reason": "Ticket 4711, her invoice"},
        content_type="application/json",
        headers=headers,
        REMOTE_ADDR=VISITOR,
    )
    assert response.status_code == 200
    assert '"ip":"203.0.113.9","ip_source":"peer"' in desk.told()
    assert "192.0.2.1" not in desk.told()
