"""The token that is handed in, and what befalls it after it was issued."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from kc_exchange.tokens import ACCESS_TOKEN
from tests.doctor.provider import id_token
from tests.doctor.realms import CLINIC, PARTNER

if TYPE_CHECKING:
    from typing import Any

    from tests.doctor.changes import Change
    from tests.doctor.world import World

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


class Step(Protocol):
    """A way to a token."""

    def obtain(self, world: World) -> str:
        """Return the token."""


@dataclass(frozen=True)
class Login:
    """Somebody logs in with their password, which is their name."""

    user: str = "alice"
    client: str = "frontend"
    scope: str = "openid"
    part: str = "access_token"
    realm: str = CLINIC
    proof: bool = False

    def obtain(self, world: World) -> str:
        """Log in and return that part of the reply."""
        form = {
            "grant_type": "password",
            "username": self.user,
            "password": self.user,
            "client_id": self.client,
            "client_secret": f"{self.client}-secret",
        }
        if self.scope:
            form["scope"] = self.scope
        headers = {"DPoP": _proof(world.issuer(self.realm))} if self.proof else {}
        return str(world.post(form, realm=self.realm, **headers)[self.part])


@dataclass(frozen=True)
class Partners:
    """A token that Gina brings from the provider."""

    changes: tuple[tuple[str, Any], ...] = ()

    def obtain(self, world: World) -> str:
        """Return her ID token."""
        return id_token(world.partner, **dict(self.changes))


@dataclass(frozen=True)
class Brought:
    """A token of the realm, of Gina's who came with one of the provider's."""

    def obtain(self, world: World) -> str:
        """Exchange her access token there."""
        form = {
            "grant_type": _EXCHANGE,
            "subject_issuer": PARTNER,
            "subject_token": id_token(world.partner, typ="Bearer"),
            "subject_token_type": ACCESS_TOKEN,
            "scope": "openid",
            "requested_token_type": ACCESS_TOKEN,
            "client_id": "django-app",
            "client_secret": "django-app-secret",
        }
        return str(world.post(form)["access_token"])


@dataclass(frozen=True)
class Text:
    """Something that is no token."""

    value: str

    def obtain(self, world: World) -> str:  # noqa: ARG002 - a Step
        """Return it."""
        return self.value


@dataclass(frozen=True)
class Forged:
    """A token whose signature is turned round."""

    token: Step = Login()

    def obtain(self, world: World) -> str:
        """Return it with every claim of the true one."""
        signed, _, signature = self.token.obtain(world).rpartition(".")
        last = signature[-1]
        return f"{signed}.{signature[:-1][::-1]}{last}"


@dataclass(frozen=True)
class Expired:
    """A token that has outlived its expiry."""

    token: Step = Login()

    def obtain(self, world: World) -> str:
        """Wait for it."""
        token = self.token.obtain(world)
        expires_at = jwt.decode(token, options={"verify_signature": False})["exp"]
        time.sleep(max(0.0, expires_at - time.time()) + 0.5)
        return token


@dataclass(frozen=True)
class LoggedOut:
    """A token whose user was logged out since, by an administrator."""

    token: Step = Login()
    user: str = "alice"

    def obtain(self, world: World) -> str:
        """End the sessions."""
        token = self.token.obtain(world)
        if world.embedded is not None:
            world.embedded.logout(CLINIC, self.user)
        if world.admin is not None:
            number = world.admin.user(CLINIC, self.user)["id"]
            world.admin.call("POST", f"/{CLINIC}/users/{number}/logout")
        return token


@dataclass(frozen=True)
class ShutOut:
    """A token whose user was disabled since."""

    token: Step = Login()
    user: str = "alice"

    def obtain(self, world: World) -> str:
        """Disable the user."""
        token = self.token.obtain(world)
        if world.embedded is not None:
            world.embedded.set_user_enabled(self.user, False, realm=CLINIC)
        if world.admin is not None:
            found = world.admin.user(CLINIC, self.user)
            path = f"/{CLINIC}/users/{found['id']}"
            world.admin.call("PUT", path, {**found, "enabled": False})
        return token


@dataclass(frozen=True)
class Outdated:
    """A token that is older than the realm's not-before policy."""

    token: Step = Login()

    def obtain(self, world: World) -> str:
        """Revoke all tokens of before the next second."""
        token = self.token.obtain(world)
        now = int(time.time()) + 1
        if world.embedded is not None:
            world.embedded.realm(CLINIC).not_before = now
        if world.admin is not None:
            found = world.admin.call("GET", f"/{CLINIC}")
            world.admin.call("PUT", f"/{CLINIC}", {**found, "notBefore": now})
        time.sleep(1.1)
        return token


@dataclass(frozen=True)
class After:
    """A token that was issued before an administrator changed something."""

    change: Change
    token: Step = Login()

    def obtain(self, world: World) -> str:
        """Log in, and let it happen; on a real server alone."""
        token = self.token.obtain(world)
        assert world.admin is not None
        self.change.by(world.admin)
        return token


def _proof(issuer: str) -> str:
    """Return a DPoP proof for the token endpoint (RFC 9449)."""
    key = ec.generate_private_key(ec.SECP256R1())
    full = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    public = {member: full[member] for member in ("crv", "kty", "x", "y")}
    now = int(time.time())
    claims = {
        "htm": "POST",
        "htu": f"{issuer}/protocol/openid-connect/token",
        "iat": now,
        "jti": base64.b64encode(str(time.time_ns()).encode()).decode(),
    }
    header = {"typ": "dpop+jwt", "jwk": public}
    return jwt.encode(claims, key, "ES256", header)
