"""A login whose tokens run out, and sources on top of it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange import conf
from kc_exchange.exceptions import SubjectTokenExpired
from kc_exchange.sources import source_for
from kc_exchange.tokens import SubjectToken

if TYPE_CHECKING:
    from tests.servers.site import Site


@dataclass
class Login:
    """A subject whose tokens are renewed as a session's are."""

    tokens: list[SubjectToken]
    renewed: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def captured(self) -> SubjectToken | None:
        """What has been captured already."""
        return self.tokens[0] if self.asked else None

    def token(self) -> SubjectToken:
        """Return the current token."""
        self.asked.append(threading.current_thread().name)
        return self.tokens[0]

    def renew(self, rejected: SubjectToken) -> SubjectToken:
        """Go on to the next token."""
        assert rejected is self.tokens[0]
        self.renewed += 1
        if len(self.tokens) == 1:
            raise SubjectTokenExpired
        self.tokens.pop(0)
        return self.tokens[0]

    def source(self, downstream: Any, make: Any) -> Any:
        """Return what the settings say."""
        return make(downstream, self)


def login(site: Site, *expiries: float, **claims: Any) -> Login:
    values = [site.subject(jti=str(n), **claims) for n in range(len(expiries))]
    return Login(
        [
            SubjectToken(value=value, expires_at=at)
            for value, at in zip(values, expiries, strict=True)
        ]
    )


def source(site: Site, subject: Any, **changes: Any) -> Any:
    site.orders |= changes
    site.configure()
    return source_for(conf.current().downstream("orders-api"), subject)


def both(made: Any, how: str) -> Any:
    return made.token() if how == "sync" else asyncio.run(made.atoken())
