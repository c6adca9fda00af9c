"""Where the tokens in a row's form come from, said as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tests.keycloak.servers import ACCESS_TOKEN, EXCHANGE_GRANT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.keycloak.servers import Server


class Step(Protocol):
    """Something that becomes a form value once there is a server."""

    def obtain(self, server: Server) -> str:
        """Do what is needed and return the value."""


@dataclass(frozen=True)
class Login:
    """A user who logs in with their password."""

    user: str = "alice"
    client: str = "frontend"
    scope: str = "openid"
    part: str = "access_token"

    def obtain(self, server: Server) -> str:
        """Log in and return that part of the reply."""
        return str(self.reply(server)[self.part])

    def reply(
        self, server: Server, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The whole reply to the login."""
        form = {
            "grant_type": "password",
            "username": self.user,
            "password": f"{self.user}-demo",
        }
        return server.tokens(form | scoped(self.scope), self.client, headers)


@dataclass(frozen=True)
class Service:
    """A client that speaks for itself."""

    client: str = "django-app"
    scope: str = ""

    def obtain(self, server: Server) -> str:
        """Return a token of the client credentials grant."""
        form = {"grant_type": "client_credentials"} | scoped(self.scope)
        return str(server.tokens(form, self.client)["access_token"])


@dataclass(frozen=True)
class Exchanged:
    """The token got in exchange for another, and perhaps what befell that other."""

    subject: Step = Login()
    client: str = "django-app"
    audience: str = "orders-api"
    scope: str = "orders"
    requested: str = ACCESS_TOKEN
    part: str = "access_token"
    then_revoke_subject: bool = False

    def obtain(self, server: Server) -> str:
        """Exchange the subject and return that part of the reply."""
        subject = self.subject.obtain(server)
        form = {
            "grant_type": EXCHANGE_GRANT,
            "subject_token": subject,
            "subject_token_type": ACCESS_TOKEN,
            "requested_token_type": self.requested,
            "audience": self.audience,
        } | scoped(self.scope)
        token = server.tokens(form, self.client)[self.part]
        if self.then_revoke_subject:
            revoke(server, subject, server.claims(subject)["azp"])
        return str(token)


@dataclass(frozen=True)
class ExchangedFor:
    """The token got in exchange for another, for an audience that is an address."""

    audience: Step
    subject: Step
    client: str

    def obtain(self, server: Server) -> str:
        """Exchange the subject and return the access token."""
        audience = self.audience.obtain(server)
        subject = Literal(self.subject.obtain(server))
        return Exchanged(subject, self.client, audience, scope="").obtain(server)


@dataclass(frozen=True)
class Bearer:
    """The value of an Authorization header."""

    token: str | Step

    def obtain(self, server: Server) -> str:
        """Return the scheme and the token."""
        token = self.token if isinstance(self.token, str) else self.token.obtain(server)
        return f"Bearer {token}"


@dataclass(frozen=True)
class Literal:
    """A value that was obtained before."""

    value: str

    def obtain(self, server: Server) -> str:  # noqa: ARG002 - a Step
        """Return it."""
        return self.value


def scoped(scope: str) -> dict[str, str]:
    """The scope parameter, unless there is nothing to ask for."""
    return {"scope": scope} if scope else {}


def revoke(server: Server, token: str, client: str) -> None:
    """Revoke a token as the client it was issued to."""
    form = {
        "token": token,
        "client_id": client,
        "client_secret": f"{client}-secret",
    }
    reply = server.post("revoke", form)
    assert reply.status_code == 200, reply.text
