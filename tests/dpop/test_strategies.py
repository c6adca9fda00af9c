"""Which of the questions on the way to a token carry a proof, by strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import cache
from tests.servers.proofs import as_keycloak, key_pem, proved
from tests.sources.domains import Domains, domains_of, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

NARROW = {"sub": "alice-there", "sid": "t", "aud": "analytics-api"}
WIDE = {**NARROW, "aud": ["analytics-api", "account"]}


@pytest.fixture
def domains(settings: Any) -> Iterator[Domains]:
    """Give two realms that bind whatever comes with a proof."""
    with domains_of(settings) as made:
        made.own.acts = [as_keycloak({"azp": "gateway", "sid": "s"})]
        made.shared.acts = [as_keycloak(NARROW)]
        yield made


def with_key(domains: Domains, realm: str, pem: str) -> None:
    """Give one of the realms a key."""
    raw = domains.settings.KC_EXCHANGE
    realms = {**raw["REALMS"]}
    realms[realm] = {**realms[realm], "DPOP_KEY": pem}
    domains.settings.KC_EXCHANGE = {**raw, "REALMS": realms}


def questions(domains: Domains) -> list[tuple[str, bool]]:
    """Return what the second realm was asked, and whether with a proof."""
    return [(kind(seen), "dpop" in seen.headers) for seen in domains.shared.asked]


def test_jwt_grant__is_bound_at_the_grant(domains: Domains) -> None:
    """The assertion is a bearer's and of the first realm, which needs no key."""
    domains.configure("jwt-grant", DPOP=True)
    with_key(domains, "shared", key_pem())

    token = domains.source(domains.login()).token()

    assert token.thumbprint
    assert questions(domains) == [("assertion", True)]
    assert ["dpop" in seen.headers for seen in domains.own.asked] == [False]


@pytest.mark.parametrize(
    ("strategy", "granted"), [("jwt-grant", WIDE), ("cross-realm", NARROW)]
)
def test_other_realm__ends_with_a_bound_token(
    domains: Domains, strategy: str, granted: dict[str, Any]
) -> None:
    """What is narrowed is bound by the last question; also if it was narrow before."""
    domains.shared.acts = [as_keycloak(granted), as_keycloak(NARROW)]
    domains.configure(strategy, DPOP=True, SCOPES=[])
    with_key(domains, "shared", key_pem())

    token = domains.source(domains.login()).token()

    assert questions(domains)[-1] == ("token-exchange", True)
    url = f"{domains.shared.issuer}/token"
    proof = domains.shared.asked[-1].headers["dpop"]
    assert token.thumbprint == proved(proof, "POST", url).thumbprint


def test_cross_realm__shares_its_first_token_with_bearers(domains: Domains) -> None:
    """One session for all downstreams of that realm, bound or not."""
    domains.more = {"reports-api": {"AUDIENCE": "analytics-api", "DPOP": None}}
    domains.configure("cross-realm", DPOP=True)
    with_key(domains, "shared", key_pem())
    alice = domains.login()

    bound = domains.source(alice).token()
    bearer = domains.source(alice, "reports-api").token()

    assert (bool(bound.thumbprint), bearer.thumbprint) == (True, "")
    assert questions(domains) == [
        ("subject_issuer", False),
        ("token-exchange", True),
        ("token-exchange", False),
    ]


def test_service_account__is_bound(domains: Domains) -> None:
    """Nobody's token but the requester's is bound, too."""
    domains.configure("service-account", DPOP=True)
    with_key(domains, "shared", key_pem())

    assert domains.source(domains.login()).token().thumbprint
    assert questions(domains) == [("client_credentials", True)]


def test_cache__never_mixes_keys(domains: Domains) -> None:
    """A bearer's token, and one of each key, have entries of their own."""
    one, two = key_pem(), key_pem()
    alice = domains.login()

    def ask(pem: str, *, bound: bool) -> str:
        domains.configure("exchange", REALM=None, DPOP=bound)
        with_key(domains, "default", pem)
        return str(domains.source(alice).token().thumbprint)

    domains.own.acts = [
        as_keycloak({"azp": "gateway", "sid": "s", "aud": "analytics-api"})
    ]
    seen = [
        ask(pem, bound=bound)
        for _ in range(2)
        for pem, bound in ((one, True), (two, True), (one, False))
    ]

    assert seen[:3] == seen[3:]
    assert len(set(seen)) == 3
    assert seen[2] == ""
    assert len(domains.own.asked) == len(cache.tokens) == 3
