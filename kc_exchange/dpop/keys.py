"""The keys that tokens are bound to: one a realm, the same in every process."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

from kc_exchange import conf
from kc_exchange.exceptions import ExchangeMisconfigured
from kc_exchange.private_keys import PrivateKey, loaded, public_half

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Realm
    from kc_exchange.tokens import AccessToken


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofKey:
    """A key that signs proofs; its repr shows the public half alone."""

    private: PrivateKey = field(repr=False, hash=False, compare=False)
    algorithm: str
    public: Mapping[str, str] = field(hash=False)
    """As a JWK (RFC 7517)."""
    thumbprint: str
    """RFC 7638: what a token bound to it carries as `cnf.jkt`."""


def key_of_realm(realm: Realm) -> ProofKey:
    """Return the key that tokens of `realm` are bound to, its DPOP_KEY.

    Raises:
        ExchangeMisconfigured: it has none.
    """
    if not realm.dpop_key.strip():
        raise ExchangeMisconfigured(
            f"Realm {realm.alias!r} has no DPOP_KEY, and a token is to be bound to it.",
            "Set DPOP_KEY of that realm, or leave DPOP out of the downstream.",
            realm=realm.alias,
            diagnosis="proof_key_missing",
        )
    return _made(realm.dpop_key)


def key_of_token(token: AccessToken) -> ProofKey:
    """Return the key that `token` is bound to: one of the realms' DPOP_KEY.

    Raises:
        ExchangeMisconfigured: it is none of them.
    """
    for realm in conf.current().realms.values():
        if realm.dpop_key and _made(realm.dpop_key).thumbprint == token.thumbprint:
            return _made(realm.dpop_key)
    raise ExchangeMisconfigured(
        "The token is bound to a key that is no realm's DPOP_KEY.",
        "Restart every process after a change of DPOP_KEY.",
        diagnosis="proof_key_missing",
    )


@cache  # the settings bound them
@sensitive_variables()
def _made(pem: str) -> ProofKey:
    private, algorithm = loaded(pem)
    public = public_half(private, algorithm)
    canonical = json.dumps(public, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).digest()
    return ProofKey(
        private=private,
        algorithm=algorithm,
        public=public,
        thumbprint=urlsafe_b64encode(digest).rstrip(b"=").decode(),
    )
