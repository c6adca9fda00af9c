"""The faults that a site meets, by the numbers that `@pytest.mark.fault` bears."""

from __future__ import annotations

FAULTS = {
    1: "5xx once",
    2: "5xx always",
    3: "5xx, and a cached token is still good",
    4: "429 with Retry-After",
    5: "Retry-After that is long, past, negative, no number, or a date",
    6: "invalid_grant: the subject is over",
    7: "a refusal that asking again does not mend",
    8: "the connection is refused, or reset before a byte",
    9: "the connection ends within the body",
    10: "a kept connection that the server has closed",
    11: "the server accepts, and says nothing",
    12: "the server drips",
    13: "the server is slow, and many ask",
    14: "the host's name does not resolve, or to another address than before",
    15: "a certificate that has expired, or is another host's",
    16: "clocks that differ, and clocks that jump",
    17: "keys that rotate",
    18: "the key set is away at the start, for minutes, for a day",
    19: "a not-before policy, or a session ended at Keycloak",
    20: "Keycloak is killed and started again",
    21: "the client's secret is rotated",
    22: "Redis is down, slow, flushed, read-only, or holds something else",
    23: "an entry of Redis that was changed, or is another user's",
    24: "the database is away before, between and after",
    25: "the database is read-only, full, locked, or in a deadlock",
    26: "the record is slow",
    27: "a web process is killed at every step",
    28: "a dispatcher is killed between sending and marking",
    29: "a webhook fails for days",
    30: "a herd for one key that is cold",
    31: "a herd whose tokens end at once",
    32: "whoever leads a call is cancelled, or dies",
    33: "a token is stored after the logout",
    34: "a process forks after its clients were made",
    35: "a downstream refuses an exchanged token",
}
ELSEWHERE = {
    28: "alerts are sent by no dispatcher yet",
    29: "alerts go to no webhook yet",
}
"""Faults of what this project does not have."""
