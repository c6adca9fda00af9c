"""List what every Keycloak realm has before anybody configures it.

All of it is written in the words of a realm export, so the realm file reader treats
the built-in parts and the user's own alike.
"""

from __future__ import annotations

from typing import Any

DEFAULT_SCOPES = ("profile", "email", "roles", "web-origins", "acr", "basic")
OPTIONAL_SCOPES = (
    "offline_access",
    "address",
    "phone",
    "microprofile-jwt",
    "organization",
)
ACCOUNT_ROLES = {
    "manage-account": ("manage-account-links",),
    "manage-account-links": (),
    "view-profile": (),
    "view-applications": (),
    "view-consent": (),
    "manage-consent": ("view-consent",),
    "delete-account": (),
    "view-groups": (),
}
MANAGEMENT_ROLES = (
    "impersonation",
    "manage-authorization",
    "manage-clients",
    "manage-events",
    "manage-identity-providers",
    "manage-organizations",
    "manage-realm",
    "manage-users",
    "create-client",
    "query-clients",
    "query-groups",
    "query-organizations",
    "query-realms",
    "query-users",
    "view-authorization",
    "view-clients",
    "view-events",
    "view-identity-providers",
    "view-organizations",
    "view-realm",
    "view-users",
)
MANAGEMENT_COMPOSITES = {
    "view-clients": ("query-clients",),
    "view-users": ("query-groups", "query-users"),
}
PROFILE_ATTRIBUTES = {
    "given_name": "firstName",
    "family_name": "lastName",
    "middle_name": "middleName",
    "nickname": "nickname",
    "preferred_username": "username",
    "profile": "profile",
    "picture": "picture",
    "website": "website",
    "gender": "gender",
    "birthdate": "birthdate",
    "zoneinfo": "zoneinfo",
    "locale": "locale",
    "updated_at": "updatedAt",
}


def _mapper(
    kind: str, *, identity: bool = True, userinfo: bool = True, **config: str
) -> dict[str, Any]:
    settings = {key.replace("__", "."): value for key, value in config.items()}
    settings |= {"access.token.claim": "true", "introspection.token.claim": "true"}
    if identity:
        settings["id.token.claim"] = "true"
    if identity and userinfo:
        settings["userinfo.token.claim"] = "true"
    name = settings.get("claim.name", kind)
    return {"name": name, "protocolMapper": f"oidc-{kind}-mapper", "config": settings}


def _attribute(claim: str, attribute: str, kind: str = "String") -> dict[str, Any]:
    return _mapper(
        "usermodel-attribute",
        claim__name=claim,
        user__attribute=attribute,
        jsonType__label=kind,
    )


def _note(claim: str, note: str, kind: str = "String") -> dict[str, Any]:
    return _mapper(
        "usersessionmodel-note",
        userinfo=False,
        claim__name=claim,
        user__session__note=note,
        jsonType__label=kind,
    )


def _roles(kind: str, claim: str, *, identity: bool = False) -> dict[str, Any]:
    return _mapper(
        f"usermodel-{kind}-role",
        identity=identity,
        userinfo=False,
        claim__name=claim,
        jsonType__label="String",
        multivalued="true",
    )


def _scope(name: str, *mappers: dict[str, Any], named: bool) -> dict[str, Any]:
    return {
        "name": name,
        "protocol": "openid-connect",
        "attributes": {"include.in.token.scope": "true" if named else "false"},
        "protocolMappers": list(mappers),
    }


def _profile() -> dict[str, Any]:
    mappers = [
        _attribute(claim, attribute, "long" if claim == "updated_at" else "String")
        for claim, attribute in PROFILE_ATTRIBUTES.items()
    ]
    return _scope("profile", _mapper("full-name"), *mappers, named=True)


def _email() -> dict[str, Any]:
    verified = _mapper(
        "usermodel-property",
        claim__name="email_verified",
        user__attribute="emailVerified",
        jsonType__label="boolean",
    )
    return _scope("email", _attribute("email", "email"), verified, named=True)


def _basic() -> dict[str, Any]:
    subject = _mapper("sub", identity=False)
    return _scope(
        "basic", subject, _note("auth_time", "AUTH_TIME", "long"), named=False
    )


def _role_scope() -> dict[str, Any]:
    return _scope(
        "roles",
        _roles("realm", "realm_access.roles"),
        _roles("client", "resource_access.${client_id}.roles"),
        _mapper("audience-resolve", identity=False),
        named=False,
    )


def _phone() -> dict[str, Any]:
    number = _attribute("phone_number", "phoneNumber")
    verified = _attribute("phone_number_verified", "phoneNumberVerified", "boolean")
    return _scope("phone", number, verified, named=True)


def _microprofile() -> dict[str, Any]:
    groups = _roles("realm", "groups", identity=True)
    name = _attribute("upn", "username")
    return _scope("microprofile-jwt", name, groups, named=True)


def offline_access() -> dict[str, Any]:
    """Return the scope that every realm gets, whatever its export lists."""
    return _scope("offline_access", named=True)


def service_account() -> dict[str, Any]:
    """Return the scope of clients that have a service account."""
    return _scope(
        "service_account",
        _note("client_id", "client_id"),
        _note("clientHost", "clientHost"),
        _note("clientAddress", "clientAddress"),
        named=False,
    )


def client_scopes() -> list[dict[str, Any]]:
    """Return the scopes of a realm whose export lists none."""
    return [
        _profile(),
        _email(),
        _role_scope(),
        _scope("web-origins", _mapper("allowed-origins", identity=False), named=False),
        _scope("acr", _mapper("acr", userinfo=False), named=False),
        _basic(),
        offline_access(),
        _scope("address", _mapper("address"), named=True),
        _phone(),
        _microprofile(),
        _scope("organization", named=True),
        service_account(),
    ]


def clients() -> list[dict[str, Any]]:
    """Return the clients that every realm has, unless its export brings its own."""
    console = {"clientId": "account-console", "publicClient": True}
    admin = {"clientId": "security-admin-console", "publicClient": True}
    command_line = {
        "clientId": "admin-cli",
        "publicClient": True,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": True,
        "attributes": {"client.use.lightweight.access.token.enabled": "true"},
    }
    return [
        {"clientId": "account", "publicClient": True, "fullScopeAllowed": False},
        console | {"fullScopeAllowed": False},
        admin,
        command_line,
        {"clientId": "broker", "bearerOnly": True, "fullScopeAllowed": False},
        {"clientId": "realm-management", "bearerOnly": True, "fullScopeAllowed": False},
    ]
