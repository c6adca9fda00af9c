"""Rows B61, B65 and B66, and key sets from servers that misbehave."""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kc_exchange.exceptions import ExchangeUnavailable, InvalidToken
from kc_exchange.jwt_validation import validate
from kc_exchange.jwt_validation.jwks import KeyCache, Timing
from tests.jwt_validation import hostile
from tests.jwt_validation.hostile import http
from tests.jwt_validation.issuer import jwk_of, rsa_key
from tests.jwt_validation.refusals import refusal

ONE = jwk_of(rsa_key("one"), "one")
TWO = jwk_of(rsa_key("two"), "two")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        """Seconds."""
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(issuer, clock):
    return KeyCache(issuer.realm(), clock=clock)


def eventually(condition):
    """Wait for a thread in the background."""
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


USELESS = {
    "HTML": http(b"<html>Log in</html>", headers="Content-Type: text/html\r\n"),
    "empty": http(b""),
    "null": http(b"null"),
    "list": http(b"[]"),
    "no-keys": http(b"{}"),
    "keys-5": http(b'{"keys":5}'),
    "keys-null": http(b'{"keys":null}'),
    "keys-dict": http(b'{"keys":{}}'),
    "keys-empty": http(b'{"keys":[]}'),
    "keys-of-nothing": http(b'{"keys":[null,1,"x",[],{}]}'),
    "keys-twice": http(b'{"keys":[],"keys":[]}'),
    "invalid-UTF-8": http(b'{"keys":["\xff"]}'),
    "BOM": http(b"\xef\xbb\xbf" + json.dumps({"keys": [ONE]}).encode()),
    "deep": http(b'{"keys":' + b"[" * 30_000),
    "500": http(b"", status="500 Oops"),
    "404": http(b"", status="404 Not Found"),
    "302": http(b"", status="302 Found", headers="Location: /elsewhere\r\n"),
    "garbage": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half-a-body": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"keys":',
    "half-a-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{",
    "64-KiB-header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
    "too-long": http(b" " * 70_000),
    "compressed": http(b"\x1f\x8b", headers="Content-Encoding: gzip\r\n"),
    "closed": b"",
    "reset": hostile.reset,
    "drip": hostile.drip,
    "flood": hostile.flood,
}


@pytest.mark.parametrize("answer", USELESS.values(), ids=USELESS)
@pytest.mark.fault(18)
def test_keys__useless_answer(issuer, server, answer):
    """B61: no key set within the deadline is a 503, whatever came instead."""
    server.answers[issuer.certs] = answer
    started = time.monotonic()
    with pytest.raises(ExchangeUnavailable) as caught:
        validate(issuer.token(), issuer.realm(deadline=0.5))
    assert time.monotonic() - started < 2
    assert caught.value.http_status == 503
    assert server.hits["/elsewhere"] == 0


@pytest.mark.parametrize("answer", USELESS.values(), ids=USELESS)
@pytest.mark.fault(18)
def test_keys__last_set_serves(issuer, server, clock, answer):
    """B61: while no other can be had, the last key set is good, for a day."""
    cache = KeyCache(issuer.realm(deadline=1.0), clock=clock)
    key = cache.key("one")
    server.answers[issuer.certs] = answer
    clock.now += 600
    assert cache.key("one") is key
    eventually(lambda: not cache._fetching.locked())
    clock.now += 86_400
    with pytest.raises(ExchangeUnavailable):
        cache.key("one")


def test_keys__endpoint_gone(issuer, server):
    """B61: a discovery that fails is a 503 too."""
    server.answers[issuer.well_known] = http(b"", status="404 Not Found")
    with pytest.raises(ExchangeUnavailable) as caught:
        validate(issuer.token(), issuer.realm())
    assert "realm" in caught.value.cause


def test_keys__failure_is_remembered(issuer, server, clock, cache):
    """B61: a Keycloak that just failed is not asked again at once."""
    server.answers[issuer.certs] = http(b"", status="500 Oops")
    for _ in range(20):
        with pytest.raises(ExchangeUnavailable):
            cache.key("one")
    assert issuer.fetches == 1
    issuer.publish(ONE)
    clock.now += 10
    assert cache.key("one")


@pytest.mark.fault(17)
def test_keys__rotation(issuer, clock, cache):
    """B65: a new key is found at once, an old one is good until it is removed."""
    old = cache.key("one")
    issuer.publish(TWO, ONE)
    assert cache.key("two")
    assert issuer.fetches == 2
    assert cache.key("one") is old
    assert cache.holds(old)
    issuer.publish(TWO)
    clock.now += 301
    cache.key("two")
    eventually(lambda: not cache._fetching.locked())
    assert not cache.holds(old)
    with pytest.raises(InvalidToken):
        cache.key("one")


@pytest.mark.fault(17)
def test_keys__removed_key_voids_remembered_tokens(issuer):
    """B65: a token that was valid is not, once its key is gone from the set."""
    realm = issuer.realm()
    token = issuer.token()
    assert validate(token, realm).subject
    issuer.publish(TWO)
    by_two = issuer.sign(issuer.claims(), private=rsa_key("two"), kid="two")
    assert validate(by_two, realm).subject
    refusal(token, realm)


def test_keys__another_key_by_the_same_name(issuer, clock, cache):
    """B65: a kid that names another key now does not verify what the old one signed."""
    old = cache.key("one")
    issuer.publish(TWO | {"kid": "one"})
    clock.now += 301
    cache.key("one")
    eventually(lambda: not cache._fetching.locked())
    assert cache.key("one") is not old
    assert not cache.holds(old)


def test_keys__flood_of_unknown_kids(issuer, clock, cache):
    """B66: a thousand unknown kids make one look-up per cooldown."""
    cache.key("one")
    for period in range(3):
        for number in range(1000):
            with pytest.raises(InvalidToken):
                cache.key(f"{period}-{number}")
        assert issuer.fetches == 2 + period
        clock.now += 10


def test_keys__absent_kid_is_not_asked_for_again(issuer, clock, cache):
    """B66: one stale client does not use up the look-ups of the others."""
    for _ in range(2):
        with pytest.raises(InvalidToken):
            cache.key("stale")
        clock.now += 11
    assert issuer.fetches == 2
    issuer.publish(ONE, TWO)
    assert cache.key("two")
    clock.now += 31
    with pytest.raises(InvalidToken):
        cache.key("stale")
    assert issuer.fetches == 4


def test_keys__good_kid_does_not_wait(issuer, server, cache):
    """B66: while an unknown kid is looked up, the known ones are answered."""
    cache.key("one")
    server.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        unknown = pool.submit(cache.key, "two")
        eventually(lambda: issuer.fetches == 2)
        started = time.monotonic()
        assert cache.key("one")
        assert time.monotonic() - started < 0.1
        issuer.publish(ONE, TWO)
        server.gate.set()
        assert unknown.result(5).kid == "two"


def test_keys__refresh_is_in_the_background(issuer, server, clock, cache):
    """A key set past its time is fetched anew without a request waiting for it."""
    cache.key("one")
    server.gate.clear()
    clock.now += 301
    started = time.monotonic()
    for _ in range(50):
        assert cache.key("one")
    assert time.monotonic() - started < 0.2
    server.gate.set()
    eventually(lambda: not cache._fetching.locked())
    assert issuer.fetches == 2


def test_keys__cold_start(issuer, server):
    """Thirty-two threads that start together make one fetch."""
    realm, token = issuer.realm(), issuer.token()
    barrier = threading.Barrier(32)

    def first():
        barrier.wait()
        return validate(token, realm).subject

    with ThreadPoolExecutor(32) as pool:
        subjects = [f.result(10) for f in [pool.submit(first) for _ in range(32)]]
    assert len(set(subjects)) == 1
    assert issuer.fetches == 1


def test_keys__waiting_has_an_end(issuer, server):
    """Who waits for another's fetch waits no longer than the deadline."""
    cache = KeyCache(issuer.realm(deadline=0.3), Timing(cooldown=0))
    server.gate.clear()
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(cache.key, "one") for _ in range(4)]
        errors = [call.exception(5) for call in calls]
    assert all(isinstance(error, ExchangeUnavailable) for error in errors)
    assert time.monotonic() - started < 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.fault(34)
def test_keys__after_fork(issuer, server):
    """A child forked during a fetch is not stuck with its parent's locks."""
    realm, token = issuer.realm(), issuer.token()
    validate(token, realm)
    server.gate.clear()
    unknown = issuer.sign(issuer.claims(), kid="other")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(validate, unknown, realm)
        eventually(lambda: issuer.fetches == 2)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if validate(token, realm).subject else 2
            finally:
                os._exit(code)
        time.sleep(0.1)
        server.gate.set()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert isinstance(waiting.exception(5), InvalidToken)
