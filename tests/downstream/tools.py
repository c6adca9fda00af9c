"""Sources and downstreams for sessions, without a Keycloak behind them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kc_exchange.conf import Downstream
from kc_exchange.downstream import DownstreamSession
from kc_exchange.tokens import AccessToken


@dataclass
class CountingSource:
    """Hand out token-1, and the next number after each discard."""

    number: int = 1
    discarded: list[str] = field(default_factory=list)

    def token(self) -> AccessToken:
        """Return the current token."""
        return AccessToken(value=f"token-{self.number}", expires_at=0.0)

    async def atoken(self) -> AccessToken:
        """Return the current token."""
        return self.token()

    def discard(self, token: AccessToken) -> None:
        """Go on to the next token."""
        self.discarded.append(str(token.value))
        self.number += 1


def downstream_at(url: str, **changes: object) -> Downstream:
    """Return a downstream below `url`."""
    made = Downstream(
        name="orders-api", base_url=url, audience="orders-api", timeout=(1.0, 1.0)
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def session_at(url: str, **changes: object) -> DownstreamSession:
    """Return a session for a downstream below `url`."""
    return DownstreamSession(downstream_at(url, **changes), CountingSource())
