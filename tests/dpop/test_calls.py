"""Calls with a bound token: a proof for each request, of a session and of a client."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, dpop
from kc_exchange.downstream import DownstreamSession, signing
from kc_exchange.downstream.client import DownstreamClient
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    ProofRefused,
    ReservedHeader,
    WrongDownstream,
)
from kc_exchange.testing import DownstreamRecorder
from kc_exchange.tokens import AccessToken
from tests.downstream.tools import CountingSource, downstream_at
from tests.servers import assert_tells_nothing
from tests.servers.proofs import Proved, key_pem, proved

if TYPE_CHECKING:
    from collections.abc import Iterator

INVALID = 'DPoP error="invalid_token", algs="ES256"'
NONCE = 'DPoP error="use_dpop_nonce", error_description="a nonce, please"'
WAYS = ("session", "client")


@dataclass
class BoundSource(CountingSource):
    """Hand out tokens that are bound to a key."""

    thumbprint: str = ""

    def token(self) -> AccessToken:
        """Return the current token."""
        return AccessToken(
            value=f"token-{self.number}",
            expires_at=0.0,
            token_type="DPoP",
            thumbprint=self.thumbprint,
        )


@dataclass
class Caller:
    """One way to call `orders` with bound tokens."""

    way: str
    orders: DownstreamRecorder
    source: BoundSource

    def call(self, path: str = "x", method: str = "GET", **sent: Any) -> int:
        """Send one request; return its status."""
        downstream = downstream_at(self.orders.url, dpop=True)
        if self.way == "session":
            with DownstreamSession(downstream, self.source) as session:
                return session.request(method, path, **sent).status_code

        async def send() -> int:
            async with DownstreamClient(downstream, self.source) as client:
                client.follow_redirects = True
                return (await client.request(method, path, **sent)).status_code

        return asyncio.run(send())

    def proofs(self) -> list[Proved]:
        """Check each proof against its request, and the token that it goes with."""
        base = self.orders.url.rstrip("/")
        found = []
        for request in self.orders.requests:
            scheme, _, token = request.headers["authorization"].partition(" ")
            assert scheme == "DPoP"
            url = f"{base}{request.path}"
            found.append(proved(request.headers["dpop"], request.method, url, token))
        assert len({proof.claims["jti"] for proof in found}) == len(found)
        assert {proof.thumbprint for proof in found} <= {self.source.thumbprint}
        return found

    def nonces(self) -> list[str | None]:
        """Return the nonce of each proof."""
        return [proof.claims.get("nonce") for proof in self.proofs()]

    def refuse(self, said: str, nonce: str = "") -> None:
        """Let the next request be refused."""
        headers = {"WWW-Authenticate": said} | ({"DPoP-Nonce": nonce} if nonce else {})
        self.orders.answer_next(401, headers=headers)


@pytest.fixture
def pem(settings: Any) -> str:
    """Give the key of the settings."""
    pem = key_pem()
    realm = settings.KC_EXCHANGE["REALMS"]["default"] | {"DPOP_KEY": pem}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "REALMS": {"default": realm}}
    return pem


@pytest.fixture(params=WAYS)
def caller(request: pytest.FixtureRequest, pem: str) -> Iterator[Caller]:
    """Give each way to call, with no nonce known."""
    del pem
    key = dpop.key_of_realm(conf.current().realm("default"))
    with DownstreamRecorder() as orders:
        yield Caller(request.param, orders, BoundSource(thumbprint=key.thumbprint))
    signing._nonces.clear()


def test_call__is_proved(caller: Caller) -> None:
    """Method, URL as sent without query and fragment, and the token's hash."""
    caller.call("v1/a b", params={"q": "1"})
    caller.call("v1/%C3%A9#part", "POST", data={"a": "b"})

    assert caller.nonces() == [None, None]
    assert [r.path for r in caller.orders.requests] == ["/v1/a%20b", "/v1/%C3%A9"]


@pytest.mark.parametrize("place", ["/a%2fb", "/a[1]", "/a|b", "/./a b"])
def test_redirect__is_proved_as_it_is_sent(caller: Caller, place: str) -> None:
    """However the server wrote the address that it leads to."""
    caller.orders.answer_next(302, headers={"Location": place})

    assert caller.call() == 200

    assert len(caller.proofs()) == 2


def test_call__after_invalid_token_has_a_new_proof(caller: Caller) -> None:
    """The retry proves the newer token: `ath` and `jti` are its own."""
    caller.refuse(INVALID)

    assert caller.call() == 200

    assert caller.orders.tokens == ["token-1", "token-2"]
    assert len({proof.claims["ath"] for proof in caller.proofs()}) == 2


def test_nonce__is_learned_without_losing_the_token(caller: Caller) -> None:
    """RFC 9449 section 9: one more proof; the token is as good as before."""
    caller.refuse(NONCE, "first")

    assert caller.call("x", "POST", data={"a": "b"}) == 200
    assert caller.call() == 200

    assert caller.nonces() == [None, "first", "first"]
    assert caller.source.discarded == []
    assert [r.body for r in caller.orders.requests][:2] == [b"a=b", b"a=b"]


@pytest.mark.parametrize(
    "said",
    [
        f'Bearer realm="x", {NONCE}',
        f'{NONCE}, Bearer error="invalid_token"',
        "dpop error=use_dpop_nonce",
    ],
)
def test_nonce__among_other_challenges(caller: Caller, said: str) -> None:
    """A server may offer bearer tokens, too."""
    caller.refuse(said, "first")

    assert caller.call() == 200

    assert caller.nonces() == [None, "first"]
    assert caller.source.discarded == []


def test_nonce__then_invalid_token(caller: Caller) -> None:
    """Both rules hold in one call, and each newer nonce is the next proof's."""
    caller.refuse(NONCE, "first")
    caller.refuse(INVALID, "second")
    caller.refuse(NONCE, "third")

    assert caller.call() == 200

    assert caller.nonces() == [None, "first", "second", "third"]
    assert caller.source.discarded == ["token-1"]


def test_nonce__that_comes_with_a_success(caller: Caller) -> None:
    """It goes into the next proof, and nothing is repeated for it."""
    caller.orders.answer_next(200, headers={"DPoP-Nonce": "next"})

    caller.call()
    caller.call()

    assert caller.nonces() == [None, "next"]


def test_nonce__is_asked_for_twice(caller: Caller) -> None:
    """The second challenge is the caller's: no loop."""
    caller.refuse(NONCE, "first")
    caller.refuse(NONCE, "second")

    assert caller.call() == 401

    assert caller.nonces() == [None, "first"]
    assert caller.source.discarded == []


@pytest.mark.parametrize("nonce", ["", 'no"nonce'])
def test_nonce__that_does_not_come(caller: Caller, nonce: str) -> None:
    """Without one there is nothing to say again."""
    caller.refuse(NONCE, nonce)

    assert caller.call() == 401

    assert len(caller.orders.requests) == 1


def test_nonce__and_a_body_that_is_gone(caller: Caller) -> None:
    """A stream is not sent half; the next call knows the nonce."""
    caller.refuse(NONCE, "first")

    assert caller.call("x", "POST", **streamed(caller)) == 401
    assert caller.call() == 200

    assert caller.nonces() == [None, "first"]


def test_nonce__and_files(caller: Caller) -> None:
    """A session has read them and sends them again; a client streams them once."""
    caller.refuse(NONCE, "first")

    status = caller.call("x", "POST", files={"report": b"a"})
    again = caller.call("x", "POST", files={"report": b"a"})

    assert status == (200 if caller.way == "session" else 401)
    assert again == 200
    assert caller.nonces()[:2] == [None, "first"]


def streamed(caller: Caller) -> dict[str, Any]:
    if caller.way == "session":
        return {"data": iter([b"a"])}

    async def parts() -> Any:
        yield b"a"

    return {"content": parts()}


def test_nonce__is_kept_by_origin(caller: Caller) -> None:
    """Another service never sees it."""
    caller.orders.answer_next(200, headers={"DPoP-Nonce": "next"})
    caller.call()
    with DownstreamRecorder() as other:
        elsewhere = Caller(caller.way, other, caller.source)
        elsewhere.call()

        assert elsewhere.nonces() == [None]


def test_redirect__is_proved_anew(caller: Caller) -> None:
    """Each hop within the origin has a proof of its own method and URL."""
    caller.orders.answer_next(303, headers={"Location": "/there?a=b"})

    assert caller.call("here", "POST", data={"a": "b"}) == 200

    assert [(r.method, r.path) for r in caller.orders.requests] == [
        ("POST", "/here"),
        ("GET", "/there"),
    ]
    assert len(caller.proofs()) == 2


@pytest.mark.parametrize("caller", ["session"], indirect=True)
def test_redirect__that_is_not_followed_is_unsigned(caller: Caller) -> None:
    """What the caller may send on itself holds neither token nor proof."""
    caller.orders.answer_next(302, headers={"Location": "/there"})
    downstream = downstream_at(caller.orders.url, dpop=True)
    with DownstreamSession(downstream, caller.source) as session:
        following: Any = session.get("x", allow_redirects=False).next

    assert following.url.endswith("/there")
    assert not {"authorization", "dpop"} & {name.lower() for name in following.headers}


def test_redirect__to_another_host_takes_nothing_along(caller: Caller) -> None:
    """Neither token nor proof leaves the origin."""
    with DownstreamRecorder() as other:
        caller.orders.answer_next(302, headers={"Location": f"{other.url}x"})

        with pytest.raises(WrongDownstream):
            caller.call()

        assert other.requests == []


def test_proof__of_the_caller_is_refused(caller: Caller) -> None:
    """The session proves the token itself."""
    with pytest.raises(ReservedHeader):
        caller.call(headers={"dpop": "mine"})

    assert caller.orders.requests == []


def test_proof__that_is_refused(caller: Caller) -> None:
    """Who must act is told; a newer token would not help, and none is asked for."""
    caller.refuse('DPoP error="invalid_dpop_proof"')

    with pytest.raises(ProofRefused, match=r"clocks"):
        caller.call()

    assert caller.source.discarded == []


def test_key__that_is_gone(caller: Caller, pem: str) -> None:
    """A token of a former key goes nowhere, and nothing tells the token or the key."""
    caller.source.thumbprint = "of-another-key"

    with pytest.raises(ExchangeMisconfigured, match="no realm's DPOP_KEY") as caught:
        caller.call()

    assert caller.orders.requests == []
    assert_tells_nothing(caught.value, "", "token-1", pem.splitlines()[1])


def test_key__of_many_realms_is_read_once(settings: Any) -> None:
    """As many tenants as there are: no signature reads another's key again."""
    own = settings.KC_EXCHANGE["REALMS"]["default"]
    tenants = {
        f"tenant-{number}": own
        | {"ISSUER": f"{own['ISSUER']}-{number}", "DPOP_KEY": key_pem()}
        for number in range(40)
    }
    settings.KC_EXCHANGE = {
        **settings.KC_EXCHANGE,
        "REALMS": {"default": own} | tenants,
    }
    found = [dpop.key_of_realm(conf.current().realm(alias)) for alias in tenants]
    bound = [
        AccessToken(value="t", expires_at=0.0, thumbprint=key.thumbprint)
        for key in found
    ]

    again = [dpop.key_of_token(token) for token in bound]

    assert all(one is other for one, other in zip(found, again, strict=True))


def test_bearer__is_not_proved(pem: str) -> None:
    """A key in the settings changes nothing for other downstreams."""
    del pem
    with DownstreamRecorder() as orders:
        downstream = downstream_at(orders.url)
        with DownstreamSession(downstream, CountingSource()) as session:
            session.get("x", headers={"DPoP": "my own"})

        assert orders.requests[0].headers["authorization"] == "Bearer token-1"
        assert orders.requests[0].headers["dpop"] == "my own"
