from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from kc_exchange.testing.clock import Clock
from kc_exchange.testing.context import RealmServer
from kc_exchange.testing.faults import Fault, FaultQueue
from kc_exchange.testing.grants.password import log_in
from kc_exchange.testing.messages import Response
from kc_exchange.testing.model import Client, User
from kc_exchange.testing.records import ExchangeRecord, Ledger
from kc_exchange.testing.tokens import LIFESPAN, access_claims, sign_access


class Controls:
    """Let a test order faults, read what happened and make tokens of its own."""

    clock: Clock
    _faults: FaultQueue
    _ledger: Ledger
    _realms: dict[str, RealmServer]

    def _find(self, realm: str) -> RealmServer:
        try:
            return self._realms[realm]
        except KeyError:
            known = ", ".join(sorted(self._realms)) or "none"
            raise LookupError(
                f"The server has no realm '{realm}'. Name one it has: {known}."
            ) from None

    def _client(self, server: RealmServer, client_id: str) -> Client:
        try:
            return server.realm.clients[client_id]
        except KeyError:
            raise LookupError(
                f"The realm '{server.realm.name}' has no client '{client_id}'. "
                "Name a client of its export."
            ) from None

    def _user(self, server: RealmServer, username: str) -> User:
        user = server.realm.user(username)
        if user is None:
            raise LookupError(
                f"The realm '{server.realm.name}' has no user '{username}'. "
                "Name a user of its export."
            )
        return user

    # What the coming requests meet

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

    # What happened

    @property
    def exchanges(self) -> list[ExchangeRecord]:
        """Return a record of every token exchange, in order."""
        return self._ledger.exchanges()

    def requests(self, endpoint: str | None = None) -> int:
        """Return how many requests an endpoint got (None: all endpoints)."""
        return self._ledger.requests(endpoint)

    def reset_counters(self) -> None:
        """Forget all records and counts."""
        self._ledger.reset()

    def reset(self) -> None:
        """Forget records, counts, waiting faults and sessions, and set the clock right.

        Keys and what a test changed in a realm stay.
        """
        self._ledger.reset()
        self._faults.clear()
        self.clock.reset()
        for server in self._realms.values():
            server.sessions.clear()

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

    # Tokens without HTTP

    def token(
        self, realm: str, username: str, *, client_id: str, scope: str | None = None
    ) -> str:
        """Sign the user in and return the access token, without a request.

        Every call begins a session of its own.

        Raises:
            LookupError: realm, client or user does not exist.
        """
        server = self._find(realm)
        client = self._client(server, client_id)
        issue = log_in(server, client, self._user(server, username), scope)
        return sign_access(issue, access_claims(issue))

    def expired_token(
        self, realm: str, username: str, *, client_id: str, scope: str | None = None
    ) -> str:
        """Return an access token that ran out a minute ago.

        Raises:
            LookupError: realm, client or user does not exist.
        """
        server = self._find(realm)
        client = self._client(server, client_id)
        issue = log_in(server, client, self._user(server, username), scope)
        claims = access_claims(issue)
        age = claims["exp"] - claims["iat"] + 60
        return sign_access(
            issue, claims | {"exp": claims["exp"] - age, "iat": claims["iat"] - age}
        )

    def sign(
        self,
        realm: str,
        claims: Mapping[str, Any],
        headers: Mapping[str, Any] | None = None,
    ) -> str:
        """Sign any claims with the realm's active key, unchecked and unchanged.

        Raises:
            LookupError: no such realm is served.
        """
        return self._find(realm).keys.sign(claims, dict(headers or {}))

    # What an administrator does

    def logout(self, realm: str, username: str) -> None:
        """End every session of the user.

        Raises:
            LookupError: realm or user does not exist.
        """
        server = self._find(realm)
        for session in server.sessions.of_user(self._user(server, username).id):
            server.sessions.end(session.id)

    def set_user_enabled(
        self,
        username: str,
        enabled: bool,
        *,
        realm: str | None = None,
    ) -> None:
        """Let the user in, or shut them out; realm None is the first one.

        Raises:
            LookupError: realm or user does not exist.
        """
        server = self._find(realm or next(iter(self._realms), ""))
        self._user(server, username).enabled = enabled

    def set_lifespan(
        self, realm: str, seconds: int, *, client_id: str | None = None
    ) -> None:
        """Set how long access tokens live, for the realm or for one client.

        Raises:
            LookupError: realm or client does not exist.
        """
        server = self._find(realm)
        if client_id is None:
            server.realm.access_token_lifespan = seconds
        else:
            client = self._client(server, client_id)
            client.attributes[LIFESPAN] = str(seconds)

    def rotate_keys(self, realm: str) -> str:
        """Sign with a new key from now on, keep the old ones, return the new `kid`.

        Raises:
            LookupError: no such realm is served.
        """
        return self._find(realm).keys.rotate()

    def remove_old_keys(self, realm: str) -> None:
        """Forget the keys before the active one; their tokens are worth nothing.

        Raises:
            LookupError: no such realm is served.
        """
        self._find(realm).keys.remove_old()

    def set_not_before(self, realm: str) -> None:
        """Refuse every token issued before this second (Keycloak's not-before).

        Raises:
            LookupError: no such realm is served.
        """
        self._find(realm).realm.not_before = self.clock.seconds()

    def advance(self, seconds: float) -> None:
        """Move the server's clock by that many seconds."""
        self.clock.advance(seconds)


def _bytes(body: bytes | str | Mapping[str, Any] | None) -> bytes:
    if isinstance(body, Mapping):
        return json.dumps(body).encode()
    return body.encode() if isinstance(body, str) else body or b""


def _for(audience: str | tuple[str, ...] | None) -> str:
    return "" if audience is None else f" for {audience}"
