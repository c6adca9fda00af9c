"""What the checks say of certificates, and of keys that tokens are bound to."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.checks import check_sender_constrained
from tests.servers.certificates import authority, issue
from tests.servers.mutual_tls import Files
from tests.servers.proofs import key_pem

if TYPE_CHECKING:
    from pathlib import Path


def numbers(settings: Any, realm: dict[str, Any], orders: dict[str, Any]) -> list[str]:
    raw = deepcopy(settings.KC_EXCHANGE)
    raw["REALMS"]["default"] |= realm
    raw["DOWNSTREAMS"]["orders-api"] |= {"BASE_URL": "https://orders.internal/"}
    raw["DOWNSTREAMS"]["orders-api"] |= orders
    settings.KC_EXCHANGE = raw
    return [str(message.id) for message in check_sender_constrained()]


@pytest.mark.parametrize("whose", ["realm", "downstream"])
def test_certificate__that_cannot_be_read(
    settings: Any, tmp_path: Path, whose: str
) -> None:
    """A file that is gone, or half a pair, is told before the first call."""
    files = Files(tmp_path)
    files.write("first")

    def told(**named: str) -> list[str]:
        both = (named, {}) if whose == "realm" else ({}, named)
        return numbers(settings, *both)

    pair = {"CERTIFICATE": files.certificate, "CERTIFICATE_KEY": files.key}
    assert told(CA_BUNDLE=str(tmp_path / "none.pem")) == ["kc_exchange.W029"]
    assert told(CA_BUNDLE=files.authorities) == []
    assert told(**pair) == []
    files.write_key(issue("other", authority()))
    settled = {**pair, "CA_BUNDLE": ""}
    assert told(**settled) == ["kc_exchange.W029"]


def test_key__that_nothing_is_bound_to(settings: Any) -> None:
    """Who sets a key means to use it."""
    key = {"DPOP_KEY": key_pem()}

    assert numbers(settings, key, {}) == ["kc_exchange.W030"]
    assert numbers(settings, key, {"DPOP": True}) == []
    assert numbers(settings, key, {"DPOP": True, "REALM": "default"}) == []


def test_mistakes__are_told_elsewhere(settings: Any) -> None:
    """Settings that cannot be read are the business of another check."""
    assert numbers(settings, {"DPOP_KEY": "nonsense"}, {"DPOP": True}) == []
