"""Requests of the realm that has identity providers, and what it makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.keycloak.clients import Basic
from tests.keycloak.external import External
from tests.keycloak.impersonations import Beginning
from tests.keycloak.realms import BROKER, id_of
from tests.keycloak.rows import Expect, Row, exchange_form, issued, refused, resolved
from tests.keycloak.servers import (
    ACCESS_TOKEN,
    EXCHANGE_GRANT,
    JWT_GRANT,
    BrokerLogin,
)
from tests.keycloak.steps import Login

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.keycloak.clients import Client
    from tests.keycloak.rows import Form
    from tests.keycloak.servers import Server

GATEWAY = Basic("gateway")
"""The client with every permission: it may exchange for and with most providers."""


@dataclass(frozen=True)
class FromProvider:
    """What the gateway gets in exchange for a token of a provider."""

    token: Any = "opaque-gus"
    kind: str = ACCESS_TOKEN
    issuer: str = "stub"
    part: str = "access_token"
    more: Mapping[str, str] = field(default_factory=dict)

    def obtain(self, server: Server) -> str:
        """Exchange the token and return that part of the reply."""
        form = {
            "grant_type": EXCHANGE_GRANT,
            "subject_token": resolved(self.token, server),
            "subject_token_type": self.kind,
            "subject_issuer": self.issuer,
            "requested_token_type": ACCESS_TOKEN,
            **self.more,
        }
        return str(server.tokens(form, "gateway")[self.part])


@dataclass(frozen=True)
class FromAssertion:
    """What the gateway gets for an assertion (RFC 7523)."""

    scope: str = ""
    part: str = "access_token"

    def obtain(self, server: Server) -> str:
        """Send the assertion and return that part of the reply."""
        assertion = External(audience="{issuer}").obtain(server)
        form = {"grant_type": JWT_GRANT, "assertion": assertion}
        if self.scope:
            form["scope"] = self.scope
        return str(server.tokens(form, "gateway")[self.part])


@dataclass(frozen=True)
class Brokered:
    """The token of a person who logged in through a provider, and what it said."""

    login: BrokerLogin

    def obtain(self, server: Server) -> str:
        """Log in there and come back."""
        return server.admin.broker_login(self.login)


@dataclass(frozen=True)
class Later:
    """The token of another session of a person who has logged in through a provider.

    `renew` names the provider whose token was asked for in between.
    """

    first: Brokered
    renew: str = ""
    client: str = "frontend"

    def obtain(self, server: Server) -> str:
        """Log in through the provider, and after that with the password."""
        token = self.first.obtain(server)
        if self.renew:
            form = {
                "grant_type": EXCHANGE_GRANT,
                "subject_token": token,
                "requested_issuer": self.renew,
                "client_id": "gateway",
                "client_secret": "gateway-secret",
            }
            server.post("token", form)
        person = self.first.login.person
        return Login(user=person, client=self.client).obtain(server)


def external_form(
    subject: Any = "opaque-gus", *, without: Any = (), **changes: Any
) -> Form:
    """A whole request to take a provider's token, changed."""
    unnamed = {"audience", "scope"} - changes.keys()
    named = {"subject_issuer": "stub", **changes}
    return exchange_form(subject, without={*unnamed, *without}, **named)


def at_broker(
    name: str,
    form: Form,
    expect: Expect,
    client: Client = GATEWAY,
    *,
    only: str = "permissions",
    realm: str = BROKER,
    **more: Any,
) -> Row:
    """A row for the realm that has identity providers."""
    return Row(
        name=name,
        form=form,
        expect=expect,
        client=client,
        only=only,
        realm=realm,
        **more,
    )


def taken(user: str, *aud: str, **changes: Any) -> Expect:
    """A token of that user for the gateway, in a session of its own."""
    known = {"sub": id_of(BROKER, user), "preferred_username": user} if user else {}
    wanted: dict[str, Any] = {
        **known,
        "azp": "gateway",
        "kept": (),
        "jti": Beginning("onrtna:"),
        "event": {"reason": None},
        **changes,
    }
    return issued(*(aud or ("orders-api", "account")), **wanted)


def not_taken(reason: str, **event: Any) -> Expect:
    """The refusal of a provider's token, of which only the event says why."""
    return refused(400, "invalid_token", "invalid token", reason=reason, **event)


FAILED = refused(500, "unknown_error")
NO_JSON = refused(500, "invalid_request", "Cannot parse the JSON")
NO_ISSUER = refused(400, "invalid_issuer", "Invalid subject_issuer parameter")
WRONG_TYPE = refused(
    400, "invalid_token", "invalid token type", reason="subject_token_type invalid"
)
UNKNOWN_TYPE = refused(400, "invalid_token", "token type not supported")
EXISTS = refused(400, "invalid_token", "User already exists")
UNCALLED = not_taken("user info call failure", validation_method="user info")
INVALID = not_taken("token validation failure")
