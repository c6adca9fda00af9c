"""Make the parts of a realm out of its import, as Keycloak makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kc_exchange.testing import builtin
from kc_exchange.testing.model import Client, ClientScope, Mapper, Realm
from kc_exchange.testing.realm_brokers import add_permissions, add_providers
from kc_exchange.testing.realm_roles import add_roles
from kc_exchange.testing.realm_users import add_users

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REALM_FIELDS = {
    "name": "realm",
    "enabled": "enabled",
    "display_name": "displayName",
    "access_token_lifespan": "accessTokenLifespan",
    "session_idle": "ssoSessionIdleTimeout",
    "session_max": "ssoSessionMaxLifespan",
    "code_lifespan": "accessCodeLifespan",
    "login_lifespan": "accessCodeLifespanLogin",
    "revoke_refresh_token": "revokeRefreshToken",
    "refresh_token_max_reuse": "refreshTokenMaxReuse",
    "login_with_email": "loginWithEmailAllowed",
    "email_as_username": "registrationEmailAsUsername",
    "duplicate_emails": "duplicateEmailsAllowed",
    "not_before": "notBefore",
}
CLIENT_FIELDS = {
    "id": "id",
    "client_id": "clientId",
    "secret": "secret",
    "enabled": "enabled",
    "public": "publicClient",
    "bearer_only": "bearerOnly",
    "consent_required": "consentRequired",
    "standard_flow": "standardFlowEnabled",
    "direct_grants": "directAccessGrantsEnabled",
    "service_accounts": "serviceAccountsEnabled",
    "full_scope": "fullScopeAllowed",
    "authenticator": "clientAuthenticatorType",
    "root_url": "rootUrl",
    "not_before": "notBefore",
}


def build_realm(document: Mapping[str, Any]) -> Realm:
    """Build the realm that Keycloak would make of this import.

    Scopes are as strict as there: an export that lists `clientScopes` gets those and
    `offline_access`, one that lists none gets the built-in ones.
    """
    realm = Realm(**_chosen(document, REALM_FIELDS))
    _add_scopes(realm, document)
    add_roles(realm, document)
    _add_clients(realm, document)
    _add_scope_mappings(realm, document)
    add_users(realm, document)
    add_providers(realm, document)
    add_permissions(realm.authorization, document)
    return realm


def _chosen(document: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    found = {field: document.get(key) for field, key in fields.items()}
    return {field: value for field, value in found.items() if value is not None}


def read_mapper(document: Mapping[str, Any]) -> Mapper:
    """Read one entry of `protocolMappers`."""
    config = {key: str(value) for key, value in document.get("config", {}).items()}
    return Mapper(name=document["name"], kind=document["protocolMapper"], config=config)


def _scope(document: Mapping[str, Any]) -> ClientScope:
    return ClientScope(
        name=document["name"],
        attributes=dict(document.get("attributes", {})),
        mappers=tuple(map(read_mapper, document.get("protocolMappers", ()))),
    )


def _add_scopes(realm: Realm, document: Mapping[str, Any]) -> None:
    listed = document.get("clientScopes")
    known = builtin.client_scopes() if listed is None else listed
    for entry in known:
        if entry.get("protocol", "openid-connect") == "openid-connect":
            realm.scopes[entry["name"]] = _scope(entry)
    defaults = document.get("defaultDefaultClientScopes")
    optional = document.get("defaultOptionalClientScopes")
    built_in = listed is None
    realm.default_scopes = _existing(
        realm, defaults, builtin.DEFAULT_SCOPES if built_in else ()
    )
    realm.optional_scopes = _existing(
        realm, optional, builtin.OPTIONAL_SCOPES if built_in else ()
    )
    _add_offline_access(realm)


def _add_offline_access(realm: Realm) -> None:
    if "offline_access" not in realm.scopes:
        realm.scopes["offline_access"] = _scope(builtin.offline_access())
        realm.optional_scopes.append("offline_access")
    realm.scopes["offline_access"].roles.add(("", "offline_access"))


def _existing(
    realm: Realm, wanted: list[str] | None, otherwise: tuple[str, ...]
) -> list[str]:
    names = otherwise if wanted is None else wanted
    return [name for name in names if name in realm.scopes]


def _add_clients(realm: Realm, document: Mapping[str, Any]) -> None:
    own = document.get("clients", ())
    named = {entry["clientId"] for entry in own}
    extra = [entry for entry in builtin.clients() if entry["clientId"] not in named]
    for entry in (*extra, *own):
        realm.clients[entry["clientId"]] = _client(realm, entry)


def _client(realm: Realm, entry: Mapping[str, Any]) -> Client:
    # A client that asks for consent gets no role by the way, unless it says so.
    narrow = bool(entry.get("consentRequired"))
    known: dict[str, Any] = {"id": str(uuid4()), "full_scope": not narrow}
    fields = known | _chosen(entry, CLIENT_FIELDS)
    redirects = tuple(entry.get("redirectUris") or ())
    client = Client(
        **fields,
        redirect_uris=redirects,
        web_origins=_origins(entry.get("webOrigins"), redirects),
        attributes=_attributes(entry),
        default_scopes=_client_scopes(realm, entry, "default"),
        optional_scopes=_client_scopes(realm, entry, "optional"),
        mappers=tuple(map(read_mapper, entry.get("protocolMappers") or ())),
    )
    if client.service_accounts and "service_account" not in client.default_scopes:
        _give_service_scope(realm, client)
    return client


def _give_service_scope(realm: Realm, client: Client) -> None:
    if "service_account" in realm.scopes:
        client.default_scopes.append("service_account")


def _attributes(entry: Mapping[str, Any]) -> dict[str, str]:
    given = entry.get("attributes") or {}
    return {key: str(value) for key, value in given.items() if value is not None}


def _client_scopes(realm: Realm, entry: Mapping[str, Any], kind: str) -> list[str]:
    wanted = entry.get(f"{kind}ClientScopes")
    inherited = realm.default_scopes if kind == "default" else realm.optional_scopes
    names = inherited if wanted is None else wanted
    return [name for name in names if name in realm.scopes]


def _origins(given: list[str] | None, redirects: tuple[str, ...]) -> tuple[str, ...]:
    if given is not None:
        return tuple(given)
    return tuple(sorted({_origin(uri) for uri in redirects if "://" in uri}))


def _origin(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _add_scope_mappings(realm: Realm, document: Mapping[str, Any]) -> None:
    for entry in document.get("scopeMappings", ()):
        _map_roles(realm, "", entry)
    for owner, entries in document.get("clientScopeMappings", {}).items():
        for entry in entries:
            _map_roles(realm, owner, entry)


def _map_roles(realm: Realm, owner: str, entry: Mapping[str, Any]) -> None:
    holders: Callable[[str], Client | ClientScope | None]
    holders = realm.clients.get if entry.get("client") else realm.scopes.get
    holder = holders(entry.get("client") or entry.get("clientScope") or "")
    if holder is not None:
        holder.roles |= {(owner, name) for name in entry.get("roles", ())}
