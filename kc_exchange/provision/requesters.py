"""The clients that ask the token endpoint, and how they show who they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509

from kc_exchange.conf import client_secret
from kc_exchange.exchange.client_auth import public_jwk
from kc_exchange.provision.built_in import CLIENTS
from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.provision.rules import Between, SameKey
from kc_exchange.requirements import LONGEST

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.provision.draft import Draft

SWITCH = {"standard.token.exchange.enabled": "true"}
NO_FLOW: dict[str, Any] = {
    "standardFlowEnabled": False,
    "implicitFlowEnabled": False,
    "directAccessGrantsEnabled": False,
    "serviceAccountsEnabled": False,
}


def requester(draft: Draft, realm: Realm) -> None:
    """Want this project's client in a realm; how people log in there is not said here.

    One that was given no credential only takes tokens, so it needs to be no more than
    a name that they carry.

    Raises:
        ExchangeMisconfigured: PRIVATE_KEY is no key, CLIENT_SECRET_FILE unreadable.
        ProvisionFailed: CERTIFICATE cannot be read, or CLIENT_ID is a client of
            Keycloak's own.
    """
    proof = _proof(realm)
    if not proof:
        audience(draft, realm.client_id)
        return
    if realm.client_id in CLIENTS:
        raise ProvisionFailed(
            f"CLIENT_ID of realm {realm.alias!r} is {realm.client_id!r}: Keycloak "
            "itself uses that client, and it would be given another purpose.",
            "Name a client of your own in CLIENT_ID; it is made if there is none.",
        )
    draft.client(
        realm.client_id,
        enabled=True,
        publicClient=False,
        bearerOnly=False,
        consentRequired=False,
        fullScopeAllowed=True,
        attributes={"access.token.lifespan": Between(0, LONGEST, None, as_text=True)},
    )
    draft.client(realm.client_id, **proof)
    draft.begin(clients=[{"clientId": realm.client_id, **_bare(NO_FLOW)}])


def exchanges(draft: Draft, client_id: str) -> None:
    """Want a client to be able to ask for standard exchanges."""
    draft.client(client_id, attributes=dict(SWITCH))


def audience(draft: Draft, client_id: str) -> None:
    """Want a client that tokens name: it needs no flow, but it may have some."""
    draft.client(client_id, enabled=True)
    begin = {"publicClient": False, "fullScopeAllowed": True, **_bare(NO_FLOW)}
    draft.begin(clients=[{"clientId": client_id, **begin}])


def _bare(members: dict[str, Any]) -> dict[str, Any]:
    return {
        "protocol": "openid-connect",
        **members,
        "redirectUris": [],
        "webOrigins": [],
    }


def _proof(realm: Realm) -> dict[str, Any]:
    """Return the members that let Keycloak know the client; none without credential."""
    match realm.client_auth:
        case "private_key_jwt" if realm.private_key:
            return _by_key(realm)
        case "tls_client_auth" if realm.certificate:
            return _by_certificate(realm)
        case "client_secret_basic" | "client_secret_post" if realm.has_secret:
            authenticator = {"clientAuthenticatorType": "client-secret"}
            return authenticator | {"secret": client_secret(realm)}
        case _:
            return {}


def _by_key(realm: Realm) -> dict[str, Any]:
    key = public_jwk(realm)
    return {
        "clientAuthenticatorType": "client-jwt",
        "attributes": {
            "use.jwks.string": "true",
            "use.jwks.url": "false",
            "jwks.string": SameKey(tuple(key.items())),
            "token.endpoint.auth.signing.alg": key["alg"],
        },
    }


def _by_certificate(realm: Realm) -> dict[str, Any]:
    """RFC 8705 section 2.1.2; Keycloak compares names as RFC 4514 writes them."""
    try:
        pem = Path(realm.certificate).read_bytes()
        subject = x509.load_pem_x509_certificate(pem).subject
    except (OSError, ValueError) as error:
        raise ProvisionFailed(
            f"CERTIFICATE of realm {realm.alias!r} cannot be read.",
            "Name a certificate in PEM form that this user may read.",
        ) from error
    return {
        "clientAuthenticatorType": "client-x509",
        "attributes": {
            "x509.subjectdn": subject.rfc4514_string(),
            "x509.allow.regex.pattern.comparison": "false",
        },
    }
