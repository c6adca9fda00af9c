"""Two realms of one embedded server: one takes the users of the other."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from tests.testing.conftest import EXCHANGE, TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.testing import EmbeddedKeycloak

FEATURES = ("token-exchange", "admin-fine-grained-authz:v1")
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PLACE = "${server}/realms/partner/protocol/openid-connect"


def client(name: str, **more: Any) -> dict[str, Any]:
    """A confidential client that users may log in with."""
    usual = {"secret": f"{name}-secret", "directAccessGrantsEnabled": True}
    return {"clientId": name, **usual, **more}


def user(name: str, **more: Any) -> dict[str, Any]:
    """A user with a password."""
    credentials = [{"type": "password", "value": f"{name}-password"}]
    return {
        "username": name,
        "enabled": True,
        "email": f"{name}@example.com",
        "credentials": credentials,
        **more,
    }


def partner(**changes: Any) -> dict[str, Any]:
    """The realm that the users come from."""
    return {
        "realm": "partner",
        "clients": [client("portal")],
        "users": [user("petra", id="petra-id"), user("paul", id="paul-id")],
        **changes,
    }


def provider(alias: str = "partner", **changes: Any) -> dict[str, Any]:
    """That realm, as an identity provider."""
    config = {
        "issuer": "${server}/realms/partner",
        "userInfoUrl": f"{PLACE}/userinfo",
        "tokenUrl": f"{PLACE}/token",
        "jwksUrl": f"{PLACE}/certs",
        "useJwksUrl": "true",
        "validateSignature": "true",
        "clientId": "portal",
        "clientSecret": "portal-secret",
        "jwtAuthorizationGrantEnabled": "true",
    }
    config |= changes.pop("config", {})
    return {"alias": alias, "providerId": "oidc", "config": config, **changes}


def home(*providers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The realm that takes them."""
    grant = "oauth2.jwt.authorization.grant"
    attributes = {f"{grant}.enabled": "true", f"{grant}.idp": "partner"}
    link = {"identityProvider": "partner", "userId": "petra-id", "userName": "petra"}
    return {
        "realm": "home",
        "clients": [client("gateway", attributes=attributes), client("reports")],
        "users": [user("petra", federatedIdentities=[link]), user("nora")],
        "identityProviders": list(providers) or [provider()],
        **changes,
    }


@dataclass
class Desk:
    """Sends requests of the gateway to the realm `home`."""

    keycloak: EmbeddedKeycloak
    http: requests.Session

    def ask(self, grant: str, client: str = "gateway", **form: str) -> Any:
        """Ask the token endpoint."""
        address = f"{self.keycloak.issuer('home')}/protocol/openid-connect/token"
        secret = {"client_id": client, "client_secret": f"{client}-secret"}
        form = {"grant_type": grant, **secret, **form}
        return self.http.post(address, data=form, timeout=10)

    def exchange(self, token: str | None = None, **changes: str) -> Any:
        """Exchange a token of the partner's realm, or this one."""
        form = {
            "subject_token": token or self.partners("petra"),
            "subject_token_type": f"{TYPE}access_token",
            "subject_issuer": "partner",
            "requested_token_type": f"{TYPE}access_token",
            **changes,
        }
        return self.ask(EXCHANGE, **form)

    def passed_on(self, token: str, alias: str = "partner", **changes: str) -> Any:
        """Ask for the provider's token in exchange for one of the realm."""
        form = {"subject_token": token, "requested_issuer": alias, **changes}
        return self.ask(EXCHANGE, **form)

    def assert_jwt(self, assertion: str) -> Any:
        """Send an assertion."""
        return self.ask(JWT_GRANT, assertion=assertion)

    def assertion(self, subject: str = "petra-id", **claims: Any) -> str:
        """An assertion of the partner's realm for this one."""
        now = self.keycloak.clock.seconds()
        usual = {
            "iss": self.keycloak.issuer("partner"),
            "aud": self.keycloak.issuer("home"),
            "sub": subject,
            "iat": now,
            "exp": now + 60,
            "jti": f"{subject}-{now}-{len(self.keycloak.jwt_grants)}",
        }
        return self.keycloak.sign("partner", usual | claims)

    def partners(self, username: str) -> str:
        """A fresh access token of the partner's realm."""
        return self.keycloak.token(
            "partner", username, client_id="portal", scope="openid"
        )

    def own(self, username: str) -> str:
        """A fresh access token of the realm itself."""
        return self.keycloak.token("home", username, client_id="gateway")

    def user(self, username: str) -> Any:
        """A user of the realm, if there is one."""
        return self.keycloak.realm("home").user(username)


@contextmanager
def desk_at(keycloak: EmbeddedKeycloak) -> Iterator[Desk]:
    """Yield a desk whose requests go past any proxy of the environment."""
    with requests.Session() as http:
        http.trust_env = False
        yield Desk(keycloak, http)
