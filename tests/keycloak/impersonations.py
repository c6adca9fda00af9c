"""Tokens of one user that were issued to another, and what befell them since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.keycloak.clients import Basic
from tests.keycloak.rows import Row, exchange_form, issued, refused
from tests.keycloak.servers import ACCESS_TOKEN, EXCHANGE_GRANT, USER_IDS
from tests.keycloak.steps import Exchanged, Literal, Login, revoke, scoped

if TYPE_CHECKING:
    from tests.keycloak.clients import Client
    from tests.keycloak.rows import Expect, Form
    from tests.keycloak.servers import Server
    from tests.keycloak.steps import Step

OLGA = Login(user="olga")
"""She holds realm-management/impersonation, and no other role of an administrator."""


@dataclass(frozen=True)
class Impersonated:
    """The token of a target, obtained by an operator; and how it ended, if it did."""

    target: str = "alice"
    operator: Step = OLGA
    client: str = "django-app"
    scope: str = "openid"
    then: tuple[str, ...] = ()
    """What happens next: "revoked", "logged out", or the target "disabled"."""

    def obtain(self, server: Server) -> str:
        """Impersonate, let happen what shall, and return the token."""
        reply = self.reply(server)
        self.end(server, reply)
        return str(reply["access_token"])

    def reply(self, server: Server) -> dict[str, Any]:
        """The whole reply to the operator's exchange."""
        form = {
            "grant_type": EXCHANGE_GRANT,
            "subject_token": self.operator.obtain(server),
            "subject_token_type": ACCESS_TOKEN,
            "requested_token_type": ACCESS_TOKEN,
            "requested_subject": USER_IDS[self.target],
        }
        return server.tokens(form | scoped(self.scope), self.client)

    def end(self, server: Server, reply: dict[str, Any]) -> None:
        """Let happen what ends the token."""
        if "revoked" in self.then:
            revoke(server, reply["access_token"], self.client)
        if "logged out" in self.then:
            log_out(server, reply["id_token"], self.client)
        if "disabled" in self.then:
            server.shut_out_user(self.target)


@dataclass(frozen=True)
class Onward:
    """What a service got for a target's token, before that token ended."""

    first: Impersonated

    def obtain(self, server: Server) -> str:
        """Impersonate, exchange for orders-api, end the first and return the second."""
        reply = self.first.reply(server)
        subject = Literal(str(reply["access_token"]))
        token = Exchanged(subject=subject, client=self.first.client).obtain(server)
        self.first.end(server, reply)
        return token


def log_out(server: Server, id_token: str, client: str) -> None:
    """End the session of an ID token, without a browser."""
    reply = server.post("logout", {"id_token_hint": id_token, "client_id": client})
    assert reply.status_code == 200, reply.text


@dataclass(frozen=True)
class Beginning:
    """Equal to any text that begins like this."""

    start: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith(self.start)

    __hash__ = None  # type: ignore[assignment]


def impersonate_form(subject: Any = OLGA, *, without: Any = (), **changes: Any) -> Form:
    """A whole request to impersonate Alice, changed."""
    unnamed = {"audience", "scope"} - changes.keys()
    named = {"requested_subject": USER_IDS["alice"], **changes}
    return exchange_form(subject, without={*unnamed, *without}, **named)


def impersonation(
    name: str,
    form: Form,
    expect: Expect,
    client: Client | None = None,
    only: str = "legacy permissions",
) -> Row:
    """A row for servers with legacy exchange."""
    return Row(
        name=f"impersonation: {name}",
        form=form,
        expect=expect,
        client=client or Basic(),
        only=only,
    )


def acting_as(user: str, *aud: str, **changes: Any) -> Expect:
    """A token of that user for the requester, in a session of its own."""
    wanted: dict[str, Any] = {
        "kept": (),
        "changed": ("sid",),
        "more_keys": ("id_token",),
        "sub": USER_IDS[user],
        "jti": Beginning("onrtna:"),
        "event": {"reason": None},
        **changes,
    }
    return issued(*(aud or ("shipping-api", "account")), **wanted)


def forbidden(
    reason: str, said: str = "Client not allowed to exchange", **event: Any
) -> Expect:
    """A refusal that only Keycloak's own event gives a reason for."""
    return refused(403, "access_denied", said, reason=reason, **event)
