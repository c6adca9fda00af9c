"""Pitfalls of delegated-calls 4.8 that no other test carries the number of.

1, 3-7, 9-14: downstream; 2, 27: transport; 15-18, 31: sources and cache; 19, 20, 22:
test_bad_replies; 23: test_tokens; 25, 26, 32: cache; 24 belongs to capture.
"""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import urllib3

from kc_exchange import cache, transport
from kc_exchange.conf import Downstream
from kc_exchange.exchange.grants import exchange_form
from kc_exchange.tokens import SubjectToken
from tests.downstream.tools import session_at

if TYPE_CHECKING:
    import pytest

    from tests.servers.site import Site


def test_pool__outlives_many_downstreams() -> None:
    """8: thirty downstreams keep a pool each, where requests would forget some."""
    sessions = [session_at(f"https://host-{n}.example/") for n in range(30)]
    adapters = [
        made.get_adapter(f"https://host-{n}.example/")
        for n, made in enumerate(sessions)
    ]

    assert len({id(adapter) for adapter in adapters}) == 30
    for made in sessions:
        made.close()


def test_session__has_no_state_of_others() -> None:
    """8: what is mutable in a session belongs to it alone."""
    one, two = session_at("https://a.example/"), session_at("https://a.example/")

    for name in ("headers", "cookies", "params", "hooks", "proxies"):
        assert getattr(one, name) is not getattr(two, name)
    one.close()
    two.close()


def test_form__is_a_list_of_pairs(site: Site) -> None:
    """21: a dictionary would lose a parameter that appears twice."""
    downstream = Downstream(
        name="o", base_url="x", audience="orders-api", scopes=frozenset({"b", "a"})
    )
    form = exchange_form(SubjectToken(value="t"), downstream)
    site.call()

    assert isinstance(form, list)
    assert ("audience", "orders-api") in form
    assert ("scope", "a b") in form
    pairs = parse_qsl(site.keycloak.asked[0].body.decode())
    assert [name for name, _ in pairs].count("audience") == 1


def test_scopes__are_always_those_of_the_settings(site: Site) -> None:
    """22: what is not asked for is not let in, whatever Keycloak adds by default."""
    site.call()

    assert site.keycloak.asked[0].form["scope"] == "orders:read"


def test_cache__is_not_djangos() -> None:
    """23: tokens stay in the process, so no cache's pickle ever holds one."""
    assert type(cache.tokens).__module__ == "kc_exchange.cache.store"


def test_urllib3__is_urllib3() -> None:
    """28: a fork under the same name would replace the deadline's connections."""
    assert urllib3.PoolManager.__module__ == "urllib3.poolmanager"
    assert not hasattr(urllib3, "__urllib3_future__")


def test_connection__does_not_wait_for_more(site: Site) -> None:
    """29: without TCP_NODELAY each call on loopback would take 40 ms."""
    site.call()
    (kept,) = transport._connections.values()
    connection = kept.manager.connection_from_url(site.keycloak.url).pool.get()  # type: ignore[union-attr]

    option = connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    connection.close()

    assert option != 0


def test_debug_log__shows_no_body(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """30: at DEBUG, with the printing of http.client off, nothing secret is logged."""
    subject = site.subject()
    assert http.client.HTTPConnection.debuglevel == 0

    site.call(subject)

    said = caplog.text + "".join(capsys.readouterr())
    assert "POST /realms/shop/token" in said
    assert subject not in said
    assert site.downstream.tokens[0] not in said
    assert "s3cret-of-the-requester" not in said


def test_token__is_kept_by_the_token_and_not_by_the_user(site: Site) -> None:
    """31: another login of the same user, on another device, has tokens of its own."""
    site.call(site.subject(sid="laptop"))
    site.call(site.subject(sid="phone"))

    assert len(site.keycloak.asked) == 2
