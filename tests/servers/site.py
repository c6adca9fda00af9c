"""A project in front of a fault server, and a downstream that records."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import cache, downstream_session
from kc_exchange.context import using_subject_token
from kc_exchange.exceptions import ExchangeError
from kc_exchange.testing import DownstreamRecorder
from tests.servers.acts import grants
from tests.servers.fault_server import FaultServer
from tests.servers.secrets import assert_tells_nothing
from tests.servers.wire import jwt_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "s3cret-of-the-requester"
SLACK = 2.0
"""Seconds that a busy machine may add; without a deadline it would be for ever."""


@dataclass
class Site:
    """One project: its Keycloak, its downstream, and its settings."""

    keycloak: FaultServer
    downstream: DownstreamRecorder
    settings: Any
    log: Any
    realm: dict[str, Any] = field(default_factory=dict)
    orders: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    deadline: float = 5.0

    def subject(self, **claims: Any) -> str:
        """Return a token of Alice, as the login would have it."""
        own = {
            "iss": self.keycloak.issuer,
            "sub": "alice",
            "azp": "django-app",
            "sid": "session-of-alice",
            "exp": int(time.time()) + 300,
        }
        return jwt_of(**own | claims)

    def configure(self) -> None:
        """Write the settings anew."""
        self.settings.KC_EXCHANGE = {
            "REALMS": {
                "default": {
                    "ISSUER": self.keycloak.issuer,
                    "CLIENT_ID": "django-app",
                    "CLIENT_SECRET": SECRET,
                    "DEADLINE": self.deadline,
                    **self.realm,
                }
            },
            "DOWNSTREAMS": {
                "orders-api": {
                    "BASE_URL": self.downstream.url,
                    "SCOPES": ["orders:read"],
                    **self.orders,
                },
                **self.others,
            },
        }

    def call(self, subject: str = "") -> Any:
        """Call the downstream as Alice."""
        self.configure()
        with (
            using_subject_token(subject or self.subject()),
            downstream_session("orders-api") as session,
        ):
            return session.get("v1/orders")

    def refuses(self, kind: type[ExchangeError], subject: str = "") -> ExchangeError:
        """Call, and check all that a failed exchange must hold to.

        Typed, within the deadline, not cached, the downstream not called, no secret
        in the error, its causes, their local variables or the log.
        """
        token = subject or self.subject()
        started = time.monotonic()
        with pytest.raises(ExchangeError) as caught:
            self.call(token)
        took = time.monotonic() - started
        assert isinstance(caught.value, kind)
        if kind is not ExchangeError:
            assert type(caught.value).__name__ in {kind.__name__, "NoReply"}
        assert caught.value.cause
        assert caught.value.fix
        assert took < self.deadline + SLACK
        assert len(cache.tokens) == 0
        assert self.downstream.requests == []
        assert_tells_nothing(caught.value, self.log.text, token, SECRET)
        return caught.value


@contextmanager
def site_of(server: FaultServer, settings: Any, log: Any) -> Iterator[Site]:
    """Yield a site in front of `server`."""
    log.set_level("DEBUG")
    with server, DownstreamRecorder() as downstream:
        yield Site(server, downstream, settings, log)


@pytest.fixture
def site(settings: Any, caplog: Any) -> Iterator[Site]:
    """Give a site whose Keycloak grants everything, until its acts are changed."""
    with site_of(FaultServer(grants()), settings, caplog) as made:
        yield made
