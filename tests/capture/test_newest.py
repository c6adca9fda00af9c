"""What a process remembers of the sessions that changed last."""

from __future__ import annotations

from kc_exchange.capture import newest


def test_older_tokens__do_not_replace_newer_ones() -> None:
    newest.remember("session", 2, "second")
    newest.remember("session", 1, "first")
    assert newest.of("session") == newest.Newest(2, "second")
    newest.drop("session")
    assert newest.of("session") is None


def test_memory__is_bounded() -> None:
    for number in range(newest._SIZE + 10):
        newest.remember(f"session{number}", number, "sealed")
    assert len(newest._entries) == newest._SIZE
    assert newest.of("session0") is None


def test_generation__grows_though_the_clock_goes_back() -> None:
    ahead = 2**60
    assert newest.next_generation(ahead) == ahead + 1
    assert newest.next_generation() < ahead
