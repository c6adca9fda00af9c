"""Servers that misbehave to the byte, for tests that must not trust a well-bred one."""

from __future__ import annotations

from tests.servers.acts import (
    Act,
    closes,
    drips,
    floods,
    grants,
    replies,
    resets,
    sends,
    silent,
)
from tests.servers.fault_server import FaultServer, Seen
from tests.servers.secrets import assert_tells_nothing, told
from tests.servers.wire import http, jwt_of

__all__ = [
    "Act",
    "FaultServer",
    "Seen",
    "assert_tells_nothing",
    "closes",
    "drips",
    "floods",
    "grants",
    "http",
    "jwt_of",
    "replies",
    "resets",
    "sends",
    "silent",
    "told",
]
