"""Let a test order faults and read what happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from kc_exchange.testing.faults import Fault, FaultQueue
from kc_exchange.testing.messages import Response

if TYPE_CHECKING:
    from kc_exchange.testing.records import ExchangeRecord, JwtGrantRecord, Ledger


class Observation:
    """Let a test order faults and read what happened."""

    _faults: FaultQueue
    _ledger: Ledger

    def fail_next(
        self,
        status: int = 503,
        times: int = 1,
        *,
        retry_after: int | str | None = None,
        body: bytes | str | Mapping[str, Any] | None = None,
        endpoint: str | None = "token",
    ) -> None:
        """Answer the next requests with an error of the server.

        Args:
            status: the HTTP status.
            times: how many requests it meets.
            retry_after: the Retry-After header (seconds or an HTTP date).
            body: text as it is, or a mapping sent as JSON; none is empty.
            endpoint: token, certs, discovery, introspect, revoke, userinfo, auth,
                login, logout, realm; None for any.
        """
        kind = "application/json" if isinstance(body, Mapping) else "text/html"
        headers = [("Content-Type", kind)]
        if retry_after is not None:
            headers.append(("Retry-After", str(retry_after)))
        answer = Response(status=status, headers=tuple(headers), body=_bytes(body))
        self._faults.add(Fault(endpoint=endpoint, answer=answer), times)

    def slow_next(
        self, seconds: float, times: int = 1, *, endpoint: str | None = "token"
    ) -> None:
        """Let the next requests wait that many seconds for their answer."""
        self._faults.add(Fault(endpoint=endpoint, delay=seconds), times)

    def drip_next(
        self,
        seconds: float = 0.05,
        times: int = 1,
        *,
        part: Literal["header", "body"] = "body",
        endpoint: str | None = "token",
    ) -> None:
        """Answer the next requests byte by byte, with a pause of `seconds` between.

        With `part="header"` the status line and headers drip as well.
        """
        self._faults.add(Fault(endpoint=endpoint, drip=seconds, part=part), times)

    def reset_next(self, times: int = 1, *, endpoint: str | None = "token") -> None:
        """Cut the next requests' connections with a TCP reset."""
        self._faults.add(Fault(endpoint=endpoint, reset=True), times)

    @property
    def exchanges(self) -> list[ExchangeRecord]:
        """Return a record of every token exchange, in order."""
        return self._ledger.exchanges()

    @property
    def jwt_grants(self) -> list[JwtGrantRecord]:
        """Return a record of every JWT authorization grant, in order."""
        return self._ledger.jwt_grants()

    def requests(self, endpoint: str | None = None) -> int:
        """Return how many requests an endpoint got (None: all endpoints)."""
        return self._ledger.requests(endpoint)

    def reset_counters(self) -> None:
        """Forget all records and counts."""
        self._ledger.reset()

    def assert_exchanged_once(
        self, *, audience: str | tuple[str, ...] | None = None
    ) -> ExchangeRecord:
        """Check that exactly one exchange was granted, and return its record.

        Args:
            audience: count exchanges for this audience alone.

        Raises:
            AssertionError: there were none or several.
        """
        granted = self._granted(audience)
        if len(granted) != 1:
            raise AssertionError(
                f"Expected one granted exchange{_for(audience)}, "
                f"found {len(granted)}. All exchanges: {self.exchanges}"
            )
        return granted[0]

    def assert_not_exchanged(
        self, *, audience: str | tuple[str, ...] | None = None
    ) -> None:
        """Check that no exchange was granted.

        Raises:
            AssertionError: there was one.
        """
        granted = self._granted(audience)
        if granted:
            raise AssertionError(
                f"Expected no granted exchange{_for(audience)}, found {granted}"
            )

    def _granted(self, audience: str | tuple[str, ...] | None) -> list[ExchangeRecord]:
        wanted = (audience,) if isinstance(audience, str) else audience
        return [
            record
            for record in self.exchanges
            if record.outcome == "granted" and wanted in (None, record.audience)
        ]


def _bytes(body: bytes | str | Mapping[str, Any] | None) -> bytes:
    if isinstance(body, Mapping):
        return json.dumps(body).encode()
    return body.encode() if isinstance(body, str) else body or b""


def _for(audience: str | tuple[str, ...] | None) -> str:
    return "" if audience is None else f" for {audience}"
