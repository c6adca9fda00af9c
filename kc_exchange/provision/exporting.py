"""Write what is wanted as realm documents that a server without the realm imports.

A document that lists client scopes gets those and no others, and one that lists the
client `realm-management` gets none of its roles: so all of that is in it.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from kc_exchange.provision import built_in
from kc_exchange.provision.documents import merged, settled
from kc_exchange.provision.failure import unknown_provider
from kc_exchange.provision.permissions import ANY_OF, SCOPE, policy_name
from kc_exchange.provision.placeholders import Secrets
from kc_exchange.provision.plan_users import with_default_role
from kc_exchange.requirements import MANAGEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.draft import Wanted

_PARTS = (
    "roles", "clientScopes", "scopeMappings", "clientScopeMappings",
    "defaultDefaultClientScopes", "defaultOptionalClientScopes", "clients",
    "identityProviders", "identityProviderMappers", "users",
)  # fmt: skip
"""Members of a realm that are long: they come last, in this order."""
_FIRST = (
    "realm",
    "id",
    "internalId",
    "clientId",
    "username",
    "alias",
    "name",
    "description",
)
"""Members of a part that say which it is: they come first."""
_SAML = frozenset({"role_list", "saml_organization", "AuthnContextClassRef"})
_OFFLINE = "offline_access"


def exported(
    wanted: Iterable[Wanted], *, with_secrets: bool
) -> tuple[dict[str, Document], list[str]]:
    """Return a document for each realm, by its name, and the placeholders in them.

    A placeholder stands for a secret: Keycloak takes that from its environment when it
    imports the file at its start, and only then.

    Raises:
        ProvisionFailed: Keycloak would import another secret than the one wanted, or
            nothing says what a provider is.
    """
    known = list(wanted)
    documents = {one.name: _document(one) for one in known}
    return Secrets(known, shown=with_secrets).placed(documents)


def _document(wanted: Wanted) -> Document:
    whole = merged(settled(wanted.whole), _permissions(wanted))
    for provider in whole.get("identityProviders", ()):
        if "providerId" not in provider:
            raise unknown_provider(wanted.name, provider["alias"])
    whole |= {
        "clientScopes": merged(_built_in(), whole.get("clientScopes", [])),
        "scopeMappings": merged(
            [{"clientScope": _OFFLINE, "roles": [_OFFLINE]}],
            whole.get("scopeMappings", []),
        ),
        "defaultDefaultClientScopes": built_in.default_scopes(),
        "defaultOptionalClientScopes": built_in.optional_scopes(),
        "clients": [_client(c) for c in whole["clients"] if _is_made(c)],
        "users": [
            with_default_role(user, wanted.name) for user in whole.get("users", ())
        ],
    }
    return _ordered(whole)


def _built_in() -> list[Document]:
    """Say of mappers what an import would otherwise take for the opposite.

    It lets a mapper of the ID token also write to user info, if that is left open.
    """
    scopes = built_in.client_scopes()
    for scope in scopes:
        for mapper in scope.get("protocolMappers", ()):
            if "id.token.claim" in mapper["config"]:
                mapper["config"].setdefault("userinfo.token.claim", "false")
    return scopes


def _is_made(client: Document) -> bool:
    """Keycloak makes its own clients, unless a document has them: then with no role."""
    return client["clientId"] not in built_in.CLIENTS - {MANAGEMENT}


def _client(client: Document) -> Document:
    """Give the client the scopes that every client has: a list replaces them."""
    has_account = client.get("serviceAccountsEnabled") is True
    given = [scope for scope in built_in.default_scopes() if scope not in _SAML]
    account = ["service_account"] if has_account else []
    ours = client.get("defaultClientScopes", [])
    asked = [s for s in built_in.optional_scopes() if s not in ours]
    asked += client.get("optionalClientScopes", [])
    default = dict.fromkeys((*given, *account, *ours))
    return client | {
        "defaultClientScopes": [s for s in default if s not in _moved(client)],
        "optionalClientScopes": list(dict.fromkeys(asked)),
    }


def _moved(client: Document) -> Sequence[str]:
    """Return the scopes that everybody else has by default."""
    moved: Sequence[str] = client.get("optionalClientScopes", [])
    return moved


def _permissions(wanted: Wanted) -> Document:
    """Return the permissions as Keycloak exports them, where there are some.

    They name a provider by its internal id, so it gets one. Those who hold the roles
    need them in the document, too: Keycloak adds its own ones after it has read them.
    """
    if not wanted.permitted:
        return {}
    ids = {alias: _internal_id(wanted, alias) for alias in wanted.permitted}
    powers = {"client": {MANAGEMENT: ["impersonation"]}}
    return {
        "identityProviders": [
            {"alias": alias, "internalId": internal} for alias, internal in ids.items()
        ],
        "roles": {
            "client": {
                MANAGEMENT: [
                    {"name": "impersonation", "description": "${role_impersonation}"},
                    {
                        "name": "realm-admin",
                        "description": "${role_realm-admin}",
                        "composites": powers,
                    },
                ]
            }
        },
        "clients": [_management(wanted, ids)],
    }


def _management(wanted: Wanted, ids: dict[str, str]) -> Document:
    return {
        "clientId": MANAGEMENT,
        "name": f"${{client_{MANAGEMENT}}}",
        "enabled": True,
        "protocol": "openid-connect",
        "bearerOnly": True,
        "standardFlowEnabled": False,
        "fullScopeAllowed": False,
        "authorizationServicesEnabled": True,
        "authorizationSettings": {
            "resources": [
                {
                    "name": f"idp.resource.{internal}",
                    "type": "IdentityProvider",
                    "scopes": [{"name": SCOPE}],
                }
                for internal in ids.values()
            ],
            "policies": [
                policy
                for alias, internal in ids.items()
                for policy in _policies(alias, internal, wanted.permitted[alias])
            ],
            "scopes": [{"name": SCOPE}],
        },
    }


def _policies(alias: str, internal: str, clients: Iterable[str]) -> list[Document]:
    return [
        {
            "name": policy_name(alias),
            "type": "client",
            "logic": "POSITIVE",
            "decisionStrategy": "UNANIMOUS",
            "config": {"clients": json.dumps(sorted(clients))},
        },
        {
            "name": f"{SCOPE}.permission.idp.{internal}",
            "type": "scope",
            "logic": "POSITIVE",
            "decisionStrategy": ANY_OF,
            "config": {
                "resources": json.dumps([f"idp.resource.{internal}"]),
                "scopes": json.dumps([SCOPE]),
                "applyPolicies": json.dumps([policy_name(alias)]),
            },
        },
    ]


def _internal_id(wanted: Wanted, alias: str) -> str:
    """Return the same id at each export; no two realms of a server may share one."""
    for provider in wanted.document.get("identityProviders", ()):
        if provider["alias"] == alias and "internalId" in provider:
            return str(provider["internalId"])
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{wanted.issuer}/broker/{alias}"))


def _ordered(document: Document) -> Document:
    short = {key: value for key, value in document.items() if key not in _PARTS}
    parts = {key: document[key] for key in _PARTS if document.get(key)}
    whole = {"realm": document["realm"], **short, **parts}
    return {key: _leading(value) for key, value in whole.items()}


def _leading(value: Any) -> Any:
    if isinstance(value, dict):
        first = {key: value[key] for key in _FIRST if key in value}
        return {key: _leading(inner) for key, inner in (first | value).items()}
    if isinstance(value, list):
        return [_leading(inner) for inner in value]
    return value
