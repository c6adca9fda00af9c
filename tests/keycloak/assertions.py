"""Requests of the JWT authorization grant (RFC 7523), and what they lead to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.keycloak.brokering import GATEWAY, at_broker
from tests.keycloak.external import External
from tests.keycloak.impersonations import Beginning
from tests.keycloak.realms import BROKER, id_of
from tests.keycloak.rows import Expect, Row, issued
from tests.keycloak.servers import JWT_GRANT

if TYPE_CHECKING:
    from tests.keycloak.clients import Client
    from tests.keycloak.servers import Server
    from tests.keycloak.steps import Step

EVERYWHERE = "standard legacy permissions"
"""The grant needs none of the features that set the servers apart."""


def assertion(**changes: Any) -> External:
    """An assertion for the realm, which its issuer has signed for Gus."""
    return External(**{"audience": "{issuer}", **changes})


@dataclass(frozen=True)
class Sent:
    """An assertion that was sent before; its id alone is kept in another one."""

    first: External
    then: External
    scope: str = ""

    def obtain(self, server: Server) -> str:
        """Send the first one, whatever is answered, and return the other one."""
        claims = {"jti": str(uuid.uuid4())}
        form = {
            "grant_type": JWT_GRANT,
            "assertion": replace(self.first, claims=claims).obtain(server),
            "client_id": "gateway",
            "client_secret": "gateway-secret",
        }
        server.post("token", form | ({"scope": self.scope} if self.scope else {}))
        return replace(self.then, claims=claims).obtain(server)


def granted(
    name: str,
    token: str | Step | None,
    expect: Expect,
    client: Client | None = None,
    *,
    headers: Any = (),
    **more: Any,
) -> Row:
    """A row of the JWT authorization grant; no token is no parameter."""
    form: tuple[tuple[str, Any], ...] = (("grant_type", JWT_GRANT), *more.items())
    if token is not None:
        form += (("assertion", token),)
    return at_broker(
        f"JWT grant: {name}",
        form,
        expect,
        client or GATEWAY,
        only=EVERYWHERE,
        headers=headers,
    )


def lets_in(user: str = "gus", *aud: str, **changes: Any) -> Expect:
    """A token of that user without a session, and no refresh token."""
    wanted: dict[str, Any] = {
        "sub": id_of(BROKER, user),
        "preferred_username": user,
        "azp": "gateway",
        "kept": (),
        "fewer_keys": ("session_state", "issued_token_type"),
        "absent": ("sid", "act", "cnf"),
        "jti": Beginning("trrtag:"),
        **changes,
    }
    expect = issued(*(aud or ("orders-api", "account")), **wanted)
    body = {key: value for key, value in expect.body.items() if "issued" not in key}
    told = {"reason": None, "username": user}
    return replace(expect, body=body, event={}, grant_event=told)


def keeps_out(said: str, error: str = "invalid_grant", **event: Any) -> Expect:
    """A refusal, which Keycloak's own event gives as its reason, too."""
    return Expect(
        status=400,
        body={"error": error, "error_description": said},
        keys=frozenset({"error", "error_description"}),
        grant_event={"reason": said, **event},
    )
