"""Broken where another issuer's token is brought to a realm, or fetched."""

from __future__ import annotations

from typing import Any

from tests.doctor import changes, links
from tests.doctor.broken.row import Broken, downstream
from tests.doctor.realms import ANNEX, CLINIC, PARTNER
from tests.doctor.tokens import Login
from tests.real_keycloak import LEGACY, PERMISSIONS, STANDARD

_CROSS: dict[str, Any] = {
    "audience": "stock-legacy",
    "about": "downstream stock-legacy",
    "on": (PERMISSIONS,),
}
_LINKED: dict[str, Any] = {
    "audience": "partner-api",
    "about": "downstream partner-api",
}
_SUBJECT_ISSUER = "KC_EXCHANGE['DOWNSTREAMS']['stock-legacy']['SUBJECT_ISSUER']"
_LINKS = "Users > (the user) > Identity provider links"
_PERMISSION = f"Identity providers > {CLINIC} > Permissions"
_NO_PERMISSION = links.NotPermitted(ANNEX, CLINIC)


def _legacy(name: str, **values: Any) -> Any:
    """Return settings in which a downstream goes a way that the server has not."""
    return lambda world: {
        "DOWNSTREAMS": {
            name: {
                "BASE_URL": f"{world.url}/",
                "AUDIENCE": "stock-api",
                "SCOPES": ["stock:read"],
                **values,
            }
        }
    }


_CROSS_SETTINGS = {
    "STRATEGY": "cross-realm",
    "REALM": "annex",
    "SUBJECT_ISSUER": CLINIC,
}

ROWS = (
    Broken(
        "cross-realm, and a Keycloak without the feature",
        code="legacy_off",
        cause="without its legacy token exchange",
        fix="STRATEGY 'jwt-grant'",
        settings=_legacy("stock-legacy", **_CROSS_SETTINGS),
        **{**_CROSS, "on": (STANDARD,)},
    ),
    Broken(
        "linked, and a Keycloak without the feature",
        code="legacy_off",
        cause="gives out a linked provider's token",
        fix="--features=token-exchange,admin-fine-grained-authz:v1",
        settings=_legacy("partner-api", STRATEGY="linked", REQUESTED_ISSUER=PARTNER),
        **_LINKED,
    ),
    Broken(
        "cross-realm without fine-grained permissions",
        code="provider_permission_missing",
        provision=None,
        cause="has no permission to exchange tokens of the identity provider clinic",
        fix="Without admin-fine-grained-authz:v1 there is no such permission",
        console=_PERMISSION,
        settings=_legacy("stock-legacy", **_CROSS_SETTINGS),
        **{**_CROSS, "on": (LEGACY,)},
    ),
    Broken(
        "the permission names nobody",
        code="provider_permission_missing",
        provision=None,
        cause="Client annex-app has no permission",
        fix="give token-exchange a client policy that names annex-app",
        console=_PERMISSION,
        changes=(_NO_PERMISSION,),
        **_CROSS,
    ),
    Broken(
        "the permission names nobody, and no user's token is given",
        code="provider_permission_missing",
        provision=None,
        cause="Client annex-app has no permission",
        fix="give token-exchange a client policy that names annex-app",
        console=_PERMISSION,
        changes=(_NO_PERMISSION,),
        token=None,
        **_CROSS,
    ),
    Broken(
        "SUBJECT_ISSUER is a URL",
        code="provider_unknown",
        cause="knows no identity provider",
        fix="it is an alias, not a URL",
        setting=_SUBJECT_ISSUER,
        console="Identity providers",
        settings=downstream("stock-legacy", SUBJECT_ISSUER="https://clinic.example/"),
        **_CROSS,
    ),
    Broken(
        "the identity provider is disabled",
        code="provider_failed",
        provision=None,
        cause="where the identity provider clinic is disabled",
        fix="Identity providers > clinic > Enabled",
        console=f"Identity providers > {CLINIC} > Enabled",
        changes=(changes.provider(CLINIC, ANNEX, enabled=False),),
        **_CROSS,
    ),
    Broken(
        "the login asked for no openid",
        code="openid_missing",
        cause="lacks the scope openid",
        fix="ask for the scope openid",
        token=Login(scope=""),
        **_CROSS,
    ),
    Broken(
        "the other realm has a user of this name, who is not linked",
        code="user_exists",
        cause="has a user of this name or e-mail address already",
        fix="Identity provider links",
        console=_LINKS,
        changes=(links.Unlinked("alice", CLINIC, ANNEX),),
        **_CROSS,
    ),
    Broken(
        "the user is disabled in the other realm",
        code="user_shut_out",
        cause="disabled, or locked",
        fix="Users > Enabled",
        console="Users > (the user) > Enabled",
        changes=(changes.user("alice", ANNEX, enabled=False),),
        **_CROSS,
    ),
    Broken(
        "the other realm's requester may not exchange",
        code="legacy_refuses",
        provision=True,
        cause="legacy exchange answered, and its permissions refuse",
        fix="Clients > annex-app > Capability config > Standard Token Exchange",
        changes=(
            changes.attribute(
                "annex-app", "standard.token.exchange.enabled", "false", ANNEX
            ),
        ),
        **_CROSS,
    ),
    Broken(
        "the other realm asks by a user info address that is none",
        code="external_rejected",
        provision=None,
        cause="its user info does not answer",
        fix="compare Issuer, JWKS URL and User Info URL",
        changes=(
            changes.provider(
                CLINIC, ANNEX, config={"userInfoUrl": "http://127.0.0.1:9/userinfo"}
            ),
        ),
        **_CROSS,
    ),
)
