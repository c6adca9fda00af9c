"""The exchange with a proof, and what may come back (RFC 9449 sections 5 and 8)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kc_exchange import conf, dpop, exchange
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    ExchangeUnavailable,
    UnexpectedReply,
)
from kc_exchange.exchange import posts
from kc_exchange.tokens import SubjectToken
from tests.servers import assert_tells_nothing, grants, replies, resets
from tests.servers.proofs import binds, key_pem, proved, wants_nonce

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.tokens import AccessToken
    from tests.servers import Act
    from tests.servers.proofs import Proved
    from tests.servers.site import Site


@pytest.fixture(autouse=True)
def _no_nonce() -> Iterator[None]:
    yield
    posts._nonces.clear()


def token_of(site: Site) -> AccessToken:
    site.configure()
    settings = conf.current()
    return exchange.exchange(
        SubjectToken(value=site.subject()),
        settings.downstream("orders-api"),
        settings.realm("default"),
    )


def proofs(site: Site) -> list[Proved]:
    url = f"{site.keycloak.issuer}/token"
    return [
        proved(seen.headers["dpop"], "POST", url)
        for seen in site.keycloak.asked
        if "dpop" in seen.headers
    ]


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "EdDSA", "RS256"])
def test_exchange__proves_the_key(bound_site: Site, algorithm: str) -> None:
    """One proof, of the configured key, for the token endpoint and no token."""
    bound_site.realm["DPOP_KEY"] = key_pem(algorithm)

    token = token_of(bound_site)

    (proof,) = proofs(bound_site)
    assert proof.algorithm == algorithm
    assert token.thumbprint == proof.thumbprint
    assert "nonce" not in proof.claims
    assert token.authorization == f"DPoP {token.value}"


def test_exchange__without_dpop_sends_no_proof(bound_site: Site) -> None:
    """A key alone changes nothing: each downstream says for itself."""
    bound_site.orders["DPOP"] = False
    bound_site.keycloak.acts = [grants()]

    token = token_of(bound_site)

    assert proofs(bound_site) == []
    assert token.thumbprint == ""
    assert token.authorization == f"Bearer {token.value}"


def test_service_account__is_bound_too(bound_site: Site) -> None:
    """The requester's own token for a downstream is bound like a user's."""
    bound_site.configure()
    settings = conf.current()

    token = exchange.client_credentials(
        settings.downstream("orders-api"), settings.realm("default")
    )

    assert token.thumbprint == proofs(bound_site)[0].thumbprint


BAD: dict[str, tuple[Act, str, str]] = {
    "downgrade": (grants(), "token_type is not DPoP", "token_not_bound"),
    "no-type": (binds({"token_type": None}), "token_type", "token_not_bound"),
    "no-cnf": (binds(claims={"cnf": None}), "cnf.jkt is missing", "token_not_bound"),
    "cnf-text": (binds(claims={"cnf": "x"}), "cnf.jkt is missing", "token_not_bound"),
    "cnf-of-certificate": (
        binds(claims={"cnf": {"x5t#S256": "x"}}),
        "cnf.jkt is missing",
        "token_not_bound",
    ),
    "other-key": (
        binds(claims={"cnf": {"jkt": "x"}}),
        "cnf.jkt is another key's",
        "token_bound_to_other",
    ),
}


@pytest.mark.parametrize(("act", "cause", "diagnosis"), BAD.values(), ids=BAD)
def test_reply__that_is_not_bound_to_our_key(
    bound_site: Site, pem: str, act: Act, cause: str, diagnosis: str
) -> None:
    """No token that somebody else could use takes the place of a bound one."""
    bound_site.keycloak.acts = [act]

    error = bound_site.refuses(UnexpectedReply)

    assert cause in error.cause
    assert error.diagnosis == diagnosis
    assert_tells_nothing(error, bound_site.log.text, pem)


def test_reply__that_is_bound_unasked(bound_site: Site) -> None:
    """A bound token where none was asked for is refused: nobody would prove it."""
    bound_site.orders["DPOP"] = False
    bound_site.keycloak.acts = [grants({"token_type": "DPoP"})]

    assert bound_site.refuses(UnexpectedReply).diagnosis == "token_not_bearer"


def test_nonce__is_learned_and_kept(bound_site: Site) -> None:
    """Asked for a nonce, the client sends it at once, and with every later proof."""
    bound_site.keycloak.acts = [wants_nonce("first"), binds(), binds()]

    token_of(bound_site)
    token_of(bound_site)

    seen = proofs(bound_site)
    assert [p.claims.get("nonce") for p in seen] == [None, "first", "first"]
    assert len({p.claims["jti"] for p in seen}) == 3


def test_nonce__newer_in_a_success(bound_site: Site) -> None:
    """A server may hand out the next nonce with any reply (RFC 9449 section 8.2)."""
    last = binds(None, None, "DPoP-Nonce: last")
    bound_site.keycloak.acts = [
        binds(None, None, "DPoP-Nonce: next"),
        wants_nonce("newer"),
        last,
        binds(),
    ]

    for _ in range(3):
        token_of(bound_site)

    assert [p.claims.get("nonce") for p in proofs(bound_site)] == [
        None,
        "next",
        "newer",
        "last",
    ]


@pytest.mark.parametrize(
    "nonce", ["", 'has"quote', "has space", "back\\slash", "x" * 513]
)
def test_nonce__that_is_none(bound_site: Site, nonce: str) -> None:
    """What is no nonce by its letters is not sent back, and nothing is repeated."""
    bound_site.keycloak.acts = [wants_nonce(nonce)]

    error = bound_site.refuses(ExchangeMisconfigured)

    assert error.diagnosis == "proof_refused"
    assert len(bound_site.keycloak.asked) == 1


def test_nonce__asked_for_again(bound_site: Site) -> None:
    """A server that is never content is asked twice, and told of."""
    bound_site.keycloak.acts = [wants_nonce("one"), wants_nonce("two")]

    assert bound_site.refuses(ExchangeMisconfigured).diagnosis == "proof_refused"
    assert len(bound_site.keycloak.asked) == 2


def test_second_attempt__has_a_proof_of_its_own(bound_site: Site) -> None:
    """A proof that may have arrived is not sent again: its `jti` is used up."""
    bound_site.keycloak.acts = [resets, binds()]

    token_of(bound_site)

    assert len({p.claims["jti"] for p in proofs(bound_site)}) == 2


def test_refusal__of_the_proof_is_no_matter_of_the_user(bound_site: Site) -> None:
    """Who must act is told: the clocks, or the address that Keycloak goes by."""
    said = {"error": "invalid_request", "error_description": "DPoP HTTP URL mismatch"}
    bound_site.keycloak.acts = [replies(json.dumps(said), 400)]

    error = bound_site.refuses(ExchangeMisconfigured)

    assert error.diagnosis == "proof_address"
    assert "proxy-headers" in error.fix


def test_key__is_in_no_repr(bound_site: Site, pem: str) -> None:
    """Neither settings nor keys show it."""
    bound_site.configure()
    realm = conf.current().realm("default")
    secret = "".join(pem.splitlines()[1:-1])

    shown = repr((conf.current(), dpop.key_of_realm(realm)))

    assert not any(line in shown for line in pem.splitlines()[1:-1])
    assert secret not in shown


def test_proof__is_in_no_error(bound_site: Site) -> None:
    """Whoever reads a proof in a report could use it once more for some seconds."""
    bound_site.keycloak.acts = [resets]

    error = bound_site.refuses(ExchangeUnavailable)

    assert_tells_nothing(
        error, "", *(s.headers["dpop"] for s in bound_site.keycloak.asked)
    )


def test_key__missing_at_run_time(bound_site: Site) -> None:
    """A realm that the settings could not know of is told by its alias."""
    bound_site.configure()
    settings = conf.current()
    other = conf.Realm(alias="other", issuer="https://id.example", client_id="a")

    with pytest.raises(ExchangeMisconfigured, match="'other' has no DPOP_KEY"):
        exchange.exchange(
            SubjectToken(value="x"), settings.downstream("orders-api"), other
        )


def test_deadline__holds_for_the_nonce_too(bound_site: Site) -> None:
    """The proof with the nonce is sent within the same deadline."""
    bound_site.deadline = 1.0
    bound_site.keycloak.acts = [wants_nonce("one"), grants(delay=5)]

    bound_site.refuses(ExchangeUnavailable)
