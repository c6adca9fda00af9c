"""The servers that the table is asked of, behind one small face."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import jwt
import requests

from tests.keycloak.realms import FOLDER, REALM, USER_IDS, public_clients

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.keycloak.provider import Provider

__all__ = ["FOLDER", "REALM", "USER_IDS", "Admin", "Server"]

EXCHANGE_EVENT = (
    "impersonator",
    "reason",
    "requested_issuer",
    "requested_subject",
    "subject_issuer",
    "token_id",
    "validation_method",
)
"""What Keycloak's event of a token exchange says, as far as the table asks."""
GRANT_EVENT = (
    "identity_provider",
    "identity_provider_issuer",
    "identity_provider_user_id",
    "reason",
    "token_id",
    "username",
)
"""What Keycloak's event of a JWT authorization grant says, as far as it is asked."""

_TYPE = "urn:ietf:params:oauth:token-type:"
ACCESS_TOKEN = f"{_TYPE}access_token"
ID_TOKEN = f"{_TYPE}id_token"
JWT = f"{_TYPE}jwt"
REFRESH_TOKEN = f"{_TYPE}refresh_token"
SAML2 = f"{_TYPE}saml2"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PUBLIC = public_clients()


class Admin(Protocol):
    """What a test may change in a realm behind the server's back."""

    def of(self, realm: str) -> Self:
        """The same server's administrator of another realm."""

    def set_user_enabled(self, username: str, enabled: bool) -> None:
        """Let the user in, or shut them out."""

    def end_sessions(self, username: str) -> None:
        """Log the user out everywhere."""

    def rotate_keys(self) -> None:
        """Sign with a new key from now on, and keep the old one."""

    def sessions(self, username: str) -> set[str]:
        """The ids of the user's sessions."""

    def last_exchange(self) -> dict[str, Any]:
        """What the server's own record says of the last token exchange."""

    def last_grant(self) -> dict[str, Any]:
        """What it says of the last JWT authorization grant."""

    def broker_login(self, login: BrokerLogin) -> str:
        """The access token of a person who logged in through a provider."""


@dataclass(frozen=True)
class BrokerLogin:
    """How a person logs in through the provider of that alias, and what it says.

    The provider says that its token expires in so many seconds (None: it does not
    say), and gives this refresh token along (empty: none).
    """

    alias: str
    person: str = "gus"
    client: str = "frontend"
    expires_in: int | None = None
    refresh: str = ""


@dataclass
class Server:
    """One Keycloak with the realms of the table in it."""

    url: str
    admin: Admin
    provider: Provider
    realm: str = REALM["realm"]
    http: requests.Session = field(default_factory=requests.Session)
    shut_out: set[tuple[str, str]] = field(default_factory=set)
    keys: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http.trust_env = False

    @property
    def issuer(self) -> str:
        """The realm's address, which its tokens carry."""
        return f"{self.url}/realms/{self.realm}"

    def of(self, realm: str) -> Server:
        """The same server's face for another realm."""
        return replace(self, realm=realm, keys={}, admin=self.admin.of(realm))

    def endpoint(self, path: str) -> str:
        """The address of one OpenID Connect endpoint of the realm."""
        return f"{self.issuer}/protocol/openid-connect/{path}"

    def post(
        self, path: str, form: Any, *, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Post a form to an endpoint; redirects are answers, not followed."""
        return self.http.post(
            self.endpoint(path),
            data=form,
            headers=headers,
            timeout=30,
            allow_redirects=False,
        )

    def tokens(
        self,
        form: Mapping[str, str],
        client: str,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The reply of the token endpoint, which must not refuse."""
        secret = {"client_id": client}
        if client not in PUBLIC:
            secret["client_secret"] = f"{client}-secret"
        reply = self.post("token", {**form, **secret}, headers=headers)
        assert reply.status_code == 200, reply.json()
        return dict(reply.json())

    def key(self, key_id: str) -> Any:
        """The realm's signing key of this id, asked for again when it is new."""
        if key_id not in self.keys:
            self.keys = self.signing_keys()
        return self.keys[key_id]

    def signing_keys(self) -> dict[str, Any]:
        """The realm's signing keys by their id."""
        jwks = self.http.get(self.endpoint("certs"), timeout=30).json()
        signing = [key for key in jwks["keys"] if key["use"] == "sig"]
        return {key["kid"]: jwt.PyJWK(key) for key in signing}

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that this realm has signed."""
        key = self.key(jwt.get_unverified_header(token)["kid"])
        options: Any = {"verify_aud": False}
        return jwt.decode(
            token, key, ["RS256"], issuer=self.issuer, options=options, leeway=5
        )

    def shut_out_user(self, username: str) -> None:
        """Disable a user until the test is over."""
        self.shut_out.add((self.realm, username))
        self.admin.set_user_enabled(username, False)

    def restore(self) -> None:
        """Let everybody in again and forget cookies."""
        while self.shut_out:
            realm, username = self.shut_out.pop()
            self.admin.of(realm).set_user_enabled(username, True)
        self.http.cookies.clear()
