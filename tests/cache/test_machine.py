"""The cache as a state machine (audit-and-hardening 3.5, number 2)."""

from __future__ import annotations

import time

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kc_exchange.cache import Key, TokenCache
from kc_exchange.exceptions import ExchangeUnavailable
from kc_exchange.tokens import AccessToken
from tests.cache.tools import age, until

KEYS = st.sampled_from([b"alice", b"bob", b"carol"])


class CacheMachine(RuleBasedStateMachine):
    """Ask, wait, refuse, lose Keycloak and log out, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = TokenCache()
        self.now = 0.0
        self.away = False
        self.lifetime = 300.0
        self.ends: dict[str, float] = {}
        self.running: dict[bytes, int] = {}
        self.dropped: set[str] = set()

    def load(self, key: bytes) -> AccessToken:
        """Obtain a token; never two at once for one key."""
        self.running[key] = self.running.get(key, 0) + 1
        assert self.running[key] == 1
        try:
            if self.away:
                raise ExchangeUnavailable
            value = f"{key.decode()}-{len(self.ends)}"
            skew = min(30.0, self.lifetime / 2)
            self.ends[value] = self.now + self.lifetime - skew
            expires_at = time.time() + self.lifetime
            return AccessToken(value=value, expires_at=expires_at)
        finally:
            self.running[key] -= 1

    @rule(key=KEYS)
    def ask(self, key: bytes) -> None:
        """Ask for a token: never one that is over, discarded or of another key."""
        before = set(self.ends)
        try:
            token = self.cache.obtain(Key(key), lambda _: self.load(key), 1.0)
        except ExchangeUnavailable:
            assert self.away
            return
        finally:
            until(lambda: not self.cache.flights._under_way)
        assert token.value.startswith(key.decode())
        assert token.value not in self.dropped
        if token.value in before:
            assert self.now < self.ends[token.value]

    @rule(key=KEYS)
    def look(self, key: bytes) -> None:
        """Look on the hot path: the same."""
        token = self.cache.get(Key(key))
        if token is not None:
            assert token.value.startswith(key.decode())
            assert token.value not in self.dropped
            assert self.now < self.ends[token.value]

    @rule(seconds=st.sampled_from([0.3, 3.0, 20.0, 100.0, 260.0, 1000.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        age(self.cache, seconds)

    @rule(key=KEYS)
    def refuse(self, key: bytes) -> None:
        """Let a downstream refuse the token."""
        token = self.cache.get(Key(key))
        if token is not None:
            self.cache.discard(Key(key), token)
            self.dropped.add(token.value)
            assert self.cache.get(Key(key)) is None

    @rule(lifetime=st.sampled_from([-5.0, 0.0, 1.0, 30.0, 60.0, 300.0]))
    def change_lifetime(self, lifetime: float) -> None:
        """Let Keycloak change the lifetime of its tokens."""
        self.lifetime = lifetime

    @rule()
    def lose_keycloak(self) -> None:
        """Let every exchange fail."""
        self.away = True

    @rule()
    def find_keycloak(self) -> None:
        """Let exchanges succeed again."""
        self.away = False

    @rule()
    def log_out(self) -> None:
        """Drop everything."""
        self.cache.clear()
        self.dropped |= set(self.ends)
        assert len(self.cache) == 0

    @invariant()
    def holds_at_most_one_each(self) -> None:
        """There is one entry for each key at the most."""
        assert len(self.cache) <= 3


TestCacheMachine = CacheMachine.TestCase
TestCacheMachine.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
