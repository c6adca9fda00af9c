"""Tokens that something has happened to since they were issued."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jwt

from tests.keycloak.steps import Exchanged, Literal, Login, revoke

if TYPE_CHECKING:
    from tests.keycloak.servers import Server
    from tests.keycloak.steps import Step

ALICE = Login()
DORA = Login(user="dora")


@dataclass(frozen=True)
class Revoked:
    """A token that the client it was issued to has revoked."""

    token: Step
    client: str = "frontend"

    def obtain(self, server: Server) -> str:
        """Revoke the token and return it."""
        token = self.token.obtain(server)
        revoke(server, token, self.client)
        return token


@dataclass(frozen=True)
class LoggedOut:
    """A token whose session has ended since; exchanged first when asked for."""

    login: Login = ALICE
    part: str = "access_token"
    exchanged: bool = False

    def obtain(self, server: Server) -> str:
        """Log in, log out and return the token."""
        reply = self.login.reply(server)
        token = str(reply[self.part])
        if self.exchanged:
            token = Exchanged(subject=Literal(token)).obtain(server)
        client = self.login.client
        form = {
            "client_id": client,
            "client_secret": f"{client}-secret",
            "refresh_token": reply["refresh_token"],
        }
        assert server.post("logout", form).status_code == 204
        return token


@dataclass(frozen=True)
class HalfRevoked:
    """One part of a login whose other part has been revoked."""

    revoked: str
    part: str
    login: Login = ALICE
    exchanged: bool = False

    def obtain(self, server: Server) -> str:
        """Log in, revoke one part and return the other, or what it got."""
        reply = self.login.reply(server)
        token = str(reply[self.part])
        if self.exchanged:
            token = Exchanged(subject=Literal(token)).obtain(server)
        revoke(server, str(reply[self.revoked]), self.login.client)
        return token


@dataclass(frozen=True)
class Ended:
    """A token of a user whose sessions an administrator has ended since."""

    token: Step = DORA
    user: str = "dora"

    def obtain(self, server: Server) -> str:
        """End the sessions and return the token."""
        token = self.token.obtain(server)
        server.admin.end_sessions(self.user)
        return token


@dataclass(frozen=True)
class Aged:
    """A token that was issued in an earlier second than this one."""

    token: Step

    def obtain(self, server: Server) -> str:
        """Wait for the next second, and return the token."""
        token = self.token.obtain(server)
        time.sleep(max(0.0, server.claims(token)["iat"] + 1.05 - time.time()))
        return token


@dataclass(frozen=True)
class ShutOut:
    """A token of a user who has been disabled since."""

    token: Step = DORA
    user: str = "dora"

    def obtain(self, server: Server) -> str:
        """Disable the user and return the token."""
        token = self.token.obtain(server)
        server.shut_out_user(self.user)
        return token


@dataclass(frozen=True)
class Expired:
    """A token that has outlived its own expiry."""

    token: Step

    def obtain(self, server: Server) -> str:
        """Wait until the token is too old and return it."""
        token = self.token.obtain(server)
        time.sleep(max(0, server.claims(token)["exp"] - time.time()) + 1.5)
        return token


@dataclass(frozen=True)
class Forged:
    """A token with every claim of a true one and somebody else's signature."""

    token: Step = ALICE

    def obtain(self, server: Server) -> str:
        """Return the token with its signature turned round."""
        head, body, signature = self.token.obtain(server).split(".")
        return ".".join((head, body, signature[::-1]))


@dataclass(frozen=True)
class Unsigned:
    """A token with every claim of a true one and the algorithm `none`."""

    token: Step = ALICE

    def obtain(self, server: Server) -> str:
        """Return the claims with no signature."""
        claims = server.claims(self.token.obtain(server))
        return jwt.encode(claims, key="", algorithm="none")
