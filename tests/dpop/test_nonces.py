"""What a process remembers of servers' nonces."""

from __future__ import annotations

from kc_exchange.dpop import Nonces


def test_nonces__are_kept_by_server() -> None:
    """One server's nonce is not another's; the newest counts."""
    nonces = Nonces()

    assert nonces.learn("a", "one")
    assert nonces.learn("a", "two")
    assert not nonces.learn("a", None)

    assert (nonces.of("a"), nonces.of("b")) == ("two", "")


def test_nonces__are_bounded() -> None:
    """Servers without end do not fill the memory."""
    nonces = Nonces()
    for number in range(5000):
        nonces.learn(str(number), "x")

    assert len(nonces._known) <= 256
    assert nonces.of("4999") == "x"
