"""Keep count of requests and exchanges."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRecord:
    """Describe one token exchange request and how it ended; never a token.

    `subject` is the subject token's `sub` and `username` its user, both None if the
    token was not accepted. Of an identity provider's token, `subject` is the user's id
    there, `username` the name here, `subject_issuer` the alias or issuer that was
    named, and `validation_method` "user info" or "signature".

    `outcome` is "granted" or "refused"; a refusal has the `error` and `description`
    that were answered, and the `reason` that a legacy exchange tells Keycloak's event
    alone.

    An impersonation has `requested_subject` as it was sent and, as in Keycloak's own
    event, the operator's username as `impersonator`. What was granted has the `sid`
    and the `jti` of the token as `session_id` and `token_id`.
    """

    realm: str
    client: str
    audience: tuple[str, ...]
    scope: str | None
    subject: str | None
    username: str | None
    requested_token_type: str | None
    outcome: str
    error: str | None = None
    description: str | None = None
    reason: str | None = None
    requested_subject: str | None = None
    requested_issuer: str | None = None
    subject_issuer: str | None = None
    validation_method: str | None = None
    impersonator: str | None = None
    session_id: str | None = field(default=None, compare=False)
    token_id: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtGrantRecord:
    """Describe one JWT authorization grant and how it ended; never a token.

    `identity_provider_issuer` and `identity_provider_user_id` are what the assertion
    says, `identity_provider` is the alias of the provider that has this issuer, and
    `username` the user whose account that is: as far as each became known, and under
    the names of Keycloak's own event.
    """

    realm: str
    client: str
    scope: str | None
    identity_provider: str | None
    identity_provider_issuer: str | None
    identity_provider_user_id: str | None
    username: str | None
    outcome: str
    error: str | None = None
    description: str | None = None
    token_id: str | None = field(default=None, compare=False)

    @property
    def reason(self) -> str | None:
        """Return what Keycloak's event says of a refusal: what is answered, too."""
        return self.description


class Ledger:
    """Count requests and keep the exchange records, safely across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._exchanges: list[ExchangeRecord] = []
        self._jwt_grants: list[JwtGrantRecord] = []

    def count(self, endpoint: str) -> None:
        """Count one request to the endpoint."""
        with self._lock:
            self._requests[endpoint] += 1

    def requests(self, endpoint: str | None = None) -> int:
        """Return how many requests the endpoint got (None: all of them)."""
        with self._lock:
            if endpoint is None:
                return self._requests.total()
            return self._requests[endpoint]

    def add(self, record: ExchangeRecord) -> None:
        """Keep the record."""
        with self._lock:
            self._exchanges.append(record)

    def add_jwt_grant(self, record: JwtGrantRecord) -> None:
        """Keep the record."""
        with self._lock:
            self._jwt_grants.append(record)

    def exchanges(self) -> list[ExchangeRecord]:
        """Return the records in the order the exchanges ended."""
        with self._lock:
            return list(self._exchanges)

    def jwt_grants(self) -> list[JwtGrantRecord]:
        """Return the records in the order the grants ended."""
        with self._lock:
            return list(self._jwt_grants)

    def reset(self) -> None:
        """Forget all counts and records."""
        with self._lock:
            self._requests.clear()
            self._exchanges.clear()
            self._jwt_grants.clear()
