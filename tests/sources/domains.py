"""Two realms on two servers, and one service of the second."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange import conf
from kc_exchange.sources import source_for
from kc_exchange.tokens import SubjectToken
from tests.servers import FaultServer, grants, jwt_of
from tests.sources.tools import Login

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.fault_server import Seen

LATE = 4_000_000_000.0
SECRET = "s3cret-of-the-requester"


@dataclass
class Domains:
    """The user's realm `default`, another one `shared`, and their settings."""

    own: FaultServer
    shared: FaultServer
    settings: Any
    more: dict[str, Any] = field(default_factory=dict)
    providers: dict[str, Any] = field(default_factory=dict)

    def configure(self, strategy: str, **changes: Any) -> None:
        """Write the settings anew: one downstream, and `more`."""
        usual = {"REALM": "shared", "SCOPES": ["analytics:read"]}
        self.settings.KC_EXCHANGE = {
            "REALMS": {
                "default": _realm(self.own, "gateway"),
                "shared": _realm(self.shared, "django-app"),
            },
            "PROVIDERS": self.providers,
            "DOWNSTREAMS": {
                "analytics-api": _downstream(strategy, usual | changes),
                **{
                    name: _downstream(strategy, usual | own)
                    for name, own in self.more.items()
                },
            },
        }

    def subject(self, **claims: Any) -> SubjectToken:
        """Return Alice's token of her realm."""
        own = {"iss": self.own.issuer, "sub": "alice", "sid": "s", "azp": "gateway"}
        value = jwt_of(**own | {"exp": int(time.time()) + 300} | claims)
        return SubjectToken(value=value, expires_at=LATE)

    def login(self, *jtis: str) -> Login:
        """Return Alice, whose login has a token for each of `jtis`, in order."""
        return Login([self.subject(jti=jti) for jti in jtis or ("1",)])

    def source(self, subject: Any, downstream: str = "analytics-api") -> Any:
        """Return what has tokens for a downstream."""
        return source_for(conf.current().downstream(downstream), subject)


def _realm(server: FaultServer, client_id: str) -> dict[str, Any]:
    return {
        "ISSUER": server.issuer,
        "CLIENT_ID": client_id,
        "CLIENT_SECRET": SECRET,
        "DEADLINE": 2.0,
    }


def _downstream(strategy: str, changes: dict[str, Any]) -> dict[str, Any]:
    base = {"BASE_URL": "http://127.0.0.1:9/", "STRATEGY": strategy}
    return {
        name: value for name, value in (base | changes).items() if value is not None
    }


@contextmanager
def domains_of(settings: Any) -> Iterator[Domains]:
    """Yield both, granting whatever is asked of them, each in its own words."""
    own = FaultServer(grants({}, {"azp": "gateway", "sid": "s"}))
    shared = FaultServer(grants({}, {"sub": "alice-there", "sid": "t"}))
    with own, shared:
        yield Domains(own, shared, settings)


def kinds(server: FaultServer) -> list[str]:
    """Return what a server was asked for, in order."""
    return [kind(seen) for seen in server.asked]


def kind(seen: Seen) -> str:
    """Name one question: by what is special in its form."""
    form = seen.form
    for name in ("subject_issuer", "requested_issuer", "assertion", "actor_token"):
        if name in form:
            return name
    return form["grant_type"].rpartition(":")[2]
