"""What is remembered of a token, for whom, and how fast all of it is."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
import timeit
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from kc_exchange.jwt_validation import validate
from kc_exchange.jwt_validation.memory import Memory, Remembered, memory
from tests.jwt_validation.issuer import AUDIENCE
from tests.jwt_validation.refusals import refusal


@pytest.fixture
def configured(settings, issuer):
    settings.KC_EXCHANGE = {
        "REALMS": {
            "default": {
                "ISSUER": issuer.url,
                "CLIENT_ID": AUDIENCE,
                "CLIENT_SECRET": "only-for-tests",
            }
        }
    }
    return settings


def test_validate__realm_of_the_issuer(issuer, configured):
    """Without a realm, the one of the token's `iss` is taken."""
    claims = validate(issuer.token())
    assert (claims.realm, claims.issuer) == ("default", issuer.url)


def test_validate__unknown_issuer(issuer, configured, server):
    """A token of an issuer that is not configured is refused, and nobody asked."""
    wrong: tuple[object, ...] = ("https://evil.example", None, [], {"a": 1}, 5, ...)
    for iss in wrong:
        refusal(issuer.token(iss=iss), None)
    assert not server.hits


def test_validate__changed_settings(issuer, configured):
    """B59: what was decided under other settings is decided anew."""
    token = issuer.token()
    assert validate(token).subject
    realm = configured.KC_EXCHANGE["REALMS"]["default"]
    configured.KC_EXCHANGE = {"REALMS": {"default": realm | {"AUDIENCES": ["other"]}}}
    refusal(token, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"audiences": frozenset({"other"})},
        {"authorized_parties": frozenset({"other"})},
        {"issuer": "https://other.example"},
    ],
    ids=str,
)
def test_validate__other_realm_value(issuer, changed):
    """A remembered token counts for the very settings that it was checked with."""
    token, realm = issuer.token(), issuer.realm()
    assert validate(token, realm).subject
    assert validate(token, dataclasses.replace(realm)) is validate(token, realm)
    refusal(token, dataclasses.replace(realm, **changed))


def test_validate__remembered_token_expires(issuer):
    """The clock is asked at each time, and what is over is forgotten."""
    realm = issuer.realm()
    with time_machine.travel(int(time.time()), tick=False) as clock:
        token = issuer.token(exp=int(time.time()) + 60)
        assert validate(token, realm, leeway=0).subject
        assert validate(token, realm, leeway=0).subject
        clock.shift(61)
        assert refusal(token, realm, leeway=0) == "expired"
    assert len(memory) == 0


def test_validate__bad_tokens_are_not_remembered(issuer):
    """What an opponent sends takes no memory."""
    realm = issuer.realm()
    for _ in range(5):
        refusal(issuer.token(aud="other"), realm)
        refusal(issuer.token()[:-8] + "AAAAAAAA", realm)
    assert len(memory) == 0


def test_validate__changed_signature_is_another_token(issuer):
    """A remembered token does not vouch for one that differs in a character."""
    token, realm = issuer.token(), issuer.realm()
    validate(token, realm)
    header, payload, signature = token.split(".")
    refusal(f"{header}.{payload}.{'A' * len(signature)}", realm)


def test_validate__many_threads(issuer):
    """Threads that validate, forget and validate again agree on every answer."""
    realm = issuer.realm()
    tokens = [issuer.token(sub=f"s{n}") for n in range(8)]
    stop = threading.Event()

    def work(number):
        while not stop.is_set():
            assert validate(tokens[number % 8], realm).subject == f"s{number % 8}"

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(work, number) for number in range(8)]
        for _ in range(20):
            time.sleep(0.01)
            memory.clear()
        stop.set()
        assert [call.result(5) for call in calls] == [None] * 8


def test_memory__is_bounded():
    """The token whose use is longest ago makes room."""
    kept = Memory(most=2)
    entry = Remembered(None, None, None, None)  # type: ignore[arg-type]
    for name in (b"a", b"b"):
        kept.put((name, None), entry)
    assert kept.get((b"a", None))
    kept.put((b"c", None), entry)
    assert len(kept) == 2
    assert kept.get((b"b", None)) is None
    assert kept.get((b"a", None)) is entry


def test_log__holds_the_reason_and_no_token(issuer, caplog):
    """The log says what is wrong; neither it nor the error holds the token."""
    token = issuer.token(aud="other")
    with caplog.at_level(logging.DEBUG):
        refusal(token, issuer.realm())
    assert "kc_exchange.token_refused reason=meant for another audience" in caplog.text
    assert token.split(".")[1] not in caplog.text
    assert token.split(".")[2] not in caplog.text


def best(*functions, rounds=10):
    """The seconds of each function's best round, the rounds being interleaved."""
    return [
        min(times)
        for times in zip(
            *([timeit.timeit(f, number=1) for f in functions] for _ in range(rounds)),
            strict=True,
        )
    ]
