"""Whose tokens a not-before policy makes void: everybody's, or one user's alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf
from kc_exchange.jwt_validation.not_before import not_before
from kc_exchange.sources import policies
from tests.servers import closes, replies

if TYPE_CHECKING:
    from tests.servers import Act
    from tests.sources.domains import Domains

pytestmark = pytest.mark.fault(19)


def named(policy: object) -> Act:
    """Show the realm's page with its own policy."""
    return replies(f'{{"realm": "shop", "tokens-not-before": {policy}}}')


@pytest.fixture
def learn(domains: Domains) -> Any:
    """Return what learns of an answer's policy, and tells whose tokens are void."""
    domains.configure("exchange", REALM=None)

    def tell(policy: int, subject: str, page: Act) -> tuple[bool, bool]:
        domains.own.acts = [page]
        policies.learn(conf.current().realm("default"), policy, subject)
        issuer = domains.own.issuer
        own = not_before(issuer, subject) == policy
        return own, not_before(issuer, "somebody-else") == policy

    return tell


def test_policy__of_a_user_is_nobody_elses(learn: Any, domains: Domains) -> None:
    """An administrator logged Alice out: the realm's page names no such instant."""
    now = int(time.time())

    assert learn(now, "alice", named(now - 9000)) == (True, False)

    assert not_before(domains.own.issuer, "bob") == now - 9000
    assert [seen.path for seen in domains.own.asked] == ["/realms/shop"]


def test_policy__of_the_realm_is_everybodys(learn: Any) -> None:
    """Its page says so."""
    now = int(time.time())

    assert learn(now, "alice", named(now)) == (True, True)


def test_policy__of_a_nameless_token(learn: Any) -> None:
    """A lightweight access token does not say whose it is; the page is asked alone."""
    now = int(time.time())

    assert learn(now, "", named(now - 9000)) == (False, False)
    assert learn(now + 1, "", named(now + 1)) == (True, True)


def test_policy__is_asked_for_once(learn: Any, domains: Domains) -> None:
    """What the page has told of needs no second look, nor what is older than it."""
    now = int(time.time())
    for policy, subject in ((0, "dora"), (now, "alice"), (now, "bob"), (now - 99, "")):
        learn(policy, subject, named(0))

    assert len(domains.own.asked) == 1


@pytest.mark.parametrize(
    "page",
    [
        replies("<p>Not here</p>", 404, kind="text/html"),
        named('"yesterday"'),
        named("true"),
        named("-1"),
        named("1e400"),
        replies("[]"),
        closes,
    ],
)
def test_policy__without_a_page_is_the_users(learn: Any, page: Act) -> None:
    """A realm whose page cannot be read costs nobody else anything."""
    now = int(time.time())

    assert learn(now, "alice", page) == (True, False)


def test_policies__of_users_are_bounded(learn: Any) -> None:
    """Ten thousand users are remembered, the last ones."""
    now = int(time.time())
    learn(now, "alice", named(0))
    for number in range(10_000):
        learn(now, f"user-{number}", named(0))

    assert learn(0, "alice", named(0)) == (True, True)
    assert learn(now, "user-9999", named(0)) == (True, False)
