"""(e) Validating bearer tokens: a fresh one each time, and one again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

import jwt
from django.core.management import call_command
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from kc_exchange.drf import KeycloakBearerAuthentication
from kc_exchange.jwt_validation import validate
from kc_exchange.models import user_of
from tests.benchmarks.contenders import request_of
from tests.benchmarks.report import Claim, Result, Row
from tests.benchmarks.rounds import interleaved, ratio
from tests.benchmarks.world import CLIENT

if TYPE_CHECKING:
    from tests.benchmarks.rounds import Run, Samples
    from tests.benchmarks.world import World

Check = Callable[[str], object]

_OURS = "kc_exchange"
_THEIRS = "PyJWKClient + jwt.decode"
_FRESH = "a fresh token each"
_AGAIN = "one token"
_CALLS = 100
_METHOD = (
    "RS256 with 2048 bits, {rounds} rounds of {calls} tokens. PyJWT is told the "
    "algorithm, audience, issuer, leeway and the claims to require; its key is cached. "
    "DRF: from a request with a header to its user, whom both find by the same query."
)


def measure(world: World, *, quick: bool) -> Result:
    """Give the same tokens to either, alone and behind REST framework."""
    rounds = 8 if quick else 40
    call_command("migrate", verbosity=0)
    decode = pyjwt(world)
    by_pyjwt = _through_drf(_PyJWTAuthentication(decode))
    by_ours = _through_drf(KeycloakBearerAuthentication())
    runs: dict[str, Run] = {}
    for place, ours, theirs in (("", validate, decode), ("DRF, ", by_ours, by_pyjwt)):
        tokens = [world.token() for _ in range((rounds + 1) * _CALLS)]
        for name, check in ((_OURS, ours), (_THEIRS, theirs)):
            runs[f"{place}{name}, {_FRESH}"] = _over(check, iter(tokens))
            runs[f"{place}{name}, {_AGAIN}"] = _over(check, repeat(tokens[0]))
    samples = interleaved(runs, rounds=rounds, calls=_CALLS)
    return Result(
        "(e) Bearer validation",
        _METHOD.format(rounds=rounds, calls=_CALLS),
        [_row(name, values) for name, values in sorted(samples.items(), key=_order)],
        [
            _claim(samples, _FRESH, 1.0),
            _claim(samples, _AGAIN, 10.0),
            _claim(samples, _FRESH, 1.0, "DRF, "),
        ],
        ("per second",),
    )


def pyjwt(world: World) -> Check:
    """PyJWT's own client, with the options that come nearest to what we check."""
    client = jwt.PyJWKClient(world.jwks, cache_keys=True)

    def decode(token: str) -> Any:
        return jwt.decode(
            token,
            client.get_signing_key_from_jwt(token),
            algorithms=["RS256"],
            audience=CLIENT,
            issuer=world.issuer,
            leeway=10,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )

    return decode


class _PyJWTAuthentication(BaseAuthentication):
    """What a project writes that has PyJWT alone."""

    def __init__(self, decode: Callable[[str], Any]) -> None:
        self._decode = decode

    def authenticate(self, request: Request) -> Any:
        scheme, _, token = get_authorization_header(request).decode().partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = self._decode(token)
        return user_of(claims), claims


def _through_drf(authentication: BaseAuthentication) -> Check:
    def check(token: str) -> object:
        request = Request(request_of(token), authenticators=[authentication])
        assert request.user.is_active
        return request.auth

    return check


def _over(check: Check, tokens: Iterator[str]) -> Run:
    def run(calls: int) -> None:
        for _ in range(calls):
            check(next(tokens))

    return run


def _row(name: str, samples: Samples) -> Row:
    row = Row(name, samples)
    return Row(name, samples, (f"{1 / row.median:,.0f}",))


def _order(item: tuple[str, Samples]) -> tuple[bool, bool]:
    return item[0].startswith("DRF"), item[0].endswith(_AGAIN)


def _claim(
    samples: dict[str, Samples], tokens: str, least: float, place: str = ""
) -> Claim:
    found = ratio(
        samples[f"{place}{_THEIRS}, {tokens}"], samples[f"{place}{_OURS}, {tokens}"]
    )
    target = f"at least {least:g} times PyJWT, {place}{tokens}"
    return Claim(target, f"{found:.2f}", holds=found >= least)
