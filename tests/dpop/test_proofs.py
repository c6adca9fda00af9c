"""What a proof says, byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest

from kc_exchange import conf, dpop
from tests.servers.proofs import key_pem

if TYPE_CHECKING:
    from typing import Any


@pytest.fixture
def key(settings: Any) -> dpop.ProofKey:
    own = settings.KC_EXCHANGE["REALMS"]["default"] | {"DPOP_KEY": key_pem()}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "REALMS": {"default": own}}
    return dpop.key_of_realm(conf.current().realm("default"))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://api.example:443/a//b?c#d", "https://api.example/a//b"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1/x"),
        ("https://[::1]:443/x", "https://[::1]/x"),
        ("https://[::443]/x", "https://[::443]/x"),
        ("https://api.example:80/x", "https://api.example:80/x"),
        ("http://api.example:443/x", "http://api.example:443/x"),
        ("https://api.example:8443/:443", "https://api.example:8443/:443"),
        ("https://api.example", "https://api.example"),
    ],
)
def test_target__names_no_default_port(
    key: dpop.ProofKey, url: str, target: str
) -> None:
    """As the `Host` header that the server compares it with (RFC 9110 section 7.2)."""
    proof = dpop.proof(key, "GET", url)

    claims = jwt.decode(proof, options={"verify_signature": False})
    assert claims["htu"] == target
