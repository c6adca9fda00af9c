"""What a downstream says when it refuses a token (RFC 6750, RFC 9449, RFC 9470)."""

from __future__ import annotations

import re

from kc_exchange.dpop import USE_NONCE
from kc_exchange.exceptions import (
    DownstreamError,
    InsufficientScope,
    ProofRefused,
    StepUpRequired,
)

_SCHEME = re.compile(r"(?:^|,)\s*(?:Bearer|DPoP)(?=\s|,|$)", re.IGNORECASE)
# A name begins where none goes on: or a long one would be tried from each letter.
_PARAMETER = re.compile(
    r'(?<![a-z_])([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))', re.IGNORECASE
)
_UNAUTHORIZED = 401


class Challenge:
    """The `WWW-Authenticate` header of one reply."""

    def __init__(self, status: int, header: str) -> None:
        self._status = status
        self._is_bearer = bool(_SCHEME.search(header))
        found = [
            (n.lower(), quoted or bare)
            for n, quoted, bare in _PARAMETER.findall(header)
        ]
        self._parameters = dict(found)
        self._errors = {value for name, value in found if name == "error"}

    def rejects_token(self, *, bare: bool) -> bool:
        """Report whether the token itself is refused, so that a newer one may help.

        `bare`: count a challenge without an `error`, or none at all, too.
        """
        error = self._parameters.get("error", "")
        if self._status != _UNAUTHORIZED:
            return False
        return (self._is_bearer and error == "invalid_token") or (bare and not error)

    def wants_nonce(self) -> bool:
        """Report whether the proof lacks the downstream's nonce (RFC 9449 section 9).

        Of several challenges each has an `error` of its own.
        """
        return self._status == _UNAUTHORIZED and USE_NONCE in self._errors

    def error(self, audience: str) -> DownstreamError | None:
        """Return the error for a token that is good, but does not suffice."""
        asked = self._parameters
        match asked.get("error", "") if self._is_bearer else "":
            case "insufficient_scope":
                scope = InsufficientScope(audience=audience, status=self._status)
                scope.scope = asked.get("scope", "")
                return scope
            case "insufficient_user_authentication":
                step_up = StepUpRequired(audience=audience, status=self._status)
                step_up.acr_values = asked.get("acr_values", "")
                step_up.max_age = asked.get("max_age", "")
                return step_up
            case "invalid_dpop_proof":
                return ProofRefused(audience=audience, status=self._status)
        return None
