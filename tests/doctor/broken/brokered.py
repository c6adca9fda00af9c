"""Broken where another issuer's token is brought to a realm, or fetched."""

from __future__ import annotations

from typing import Any

from tests.doctor import changes, links
from tests.doctor.broken.row import BROKERS, Broken, downstream
from tests.doctor.kinds import LEGACY, PERMISSIONS, STANDARD
from tests.doctor.realms import ANNEX, CLINIC, PARTNER
from tests.doctor.tokens import Brought, Login, Partners

_CROSS: dict[str, Any] = {
    "audience": "stock-legacy",
    "about": "downstream stock-legacy",
    "on": (PERMISSIONS,),
    "embedded": BROKERS,
}
_EXTERNAL: dict[str, Any] = {
    "audience": "orders-partner",
    "about": "downstream orders-partner",
    "token": Partners(),
    "on": (PERMISSIONS,),
    "embedded": BROKERS,
}
_LINKED: dict[str, Any] = {
    "audience": "partner-api",
    "about": "downstream partner-api",
    "token": Brought(),
    "on": (PERMISSIONS,),
    "embedded": BROKERS,
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
        **{**_LINKED, "on": (STANDARD,), "token": Login()},
    ),
    Broken(
        "cross-realm without fine-grained permissions",
        code="provider_permission_missing",
        cause="has no permission to exchange tokens of the identity provider clinic",
        fix="Without admin-fine-grained-authz:v1 there is no such permission",
        console=_PERMISSION,
        settings=_legacy("stock-legacy", **_CROSS_SETTINGS),
        **{**_CROSS, "on": (LEGACY,)},
    ),
    Broken(
        "the permission names nobody",
        code="provider_permission_missing",
        cause="Client annex-app has no permission",
        fix="give token-exchange a client policy that names annex-app",
        console=_PERMISSION,
        changes=(_NO_PERMISSION,),
        **_CROSS,
    ),
    Broken(
        "the permission names nobody, and no user's token is given",
        code="provider_permission_missing",
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
        cause="does not accept the user's token",
        fix="doctor",
        changes=(
            changes.provider(
                CLINIC, ANNEX, config={"userInfoUrl": "http://127.0.0.1:9/userinfo"}
            ),
        ),
        **_CROSS,
    ),
    Broken(
        "a provider's ID token that was made for somebody else's app",
        code="external_refused",
        cause="made for another client of the provider",
        fix="AUDIENCES",
        setting="KC_EXCHANGE['PROVIDERS']['partner']['AUDIENCES']",
        **{**_EXTERNAL, "token": Partners((("aud", "another-app"),))},
    ),
    Broken(
        "a provider whose tokens do not say their type",
        code="external_typ_missing",
        cause="does not say of what type it is",
        fix="Disable type claim check: switch it on",
        console="Identity providers > partner > Advanced settings > "
        "Disable type claim check",
        **{**_EXTERNAL, "token": Partners((("typ", None),))},
    ),
    Broken(
        "a provider's keys are elsewhere",
        code="external_rejected",
        cause="does not accept the user's token",
        fix="Log in again",
        console="Identity providers > partner",
        changes=(
            changes.provider(PARTNER, config={"jwksUrl": "http://127.0.0.1:9/jwks"}),
        ),
        **_EXTERNAL,
    ),
    Broken(
        "a provider of logins whose alias is mistyped",
        code="provider_not_there",
        cause="knows no identity provider partners",
        fix="Compare the keys of PROVIDERS",
        about="provider partners",
        setting="KC_EXCHANGE['PROVIDERS']",
        console="Identity providers",
        settings=lambda world: {
            "PROVIDERS": {"partners": {"ISSUER": world.url, "AUDIENCES": ["*"]}}
        },
        token=None,
        audience="",
        annex=True,
        on=(PERMISSIONS,),
        embedded=BROKERS,
    ),
    Broken(
        "a user's token, where a provider's is taken",
        code="other_provider",
        cause="takes tokens of the provider 'partner'",
        fix="Use STRATEGY 'exchange'",
        setting="KC_EXCHANGE['DOWNSTREAMS']['orders-partner']['SUBJECT_ISSUER']",
        **{**_EXTERNAL, "token": Login()},
    ),
    Broken(
        "a provider's token, where a user's is taken",
        code="provider_token",
        cause="and 'orders-api' needs one of a realm",
        fix="Use STRATEGY 'external'",
        token=Partners(),
        on=(PERMISSIONS,),
        embedded=BROKERS,
    ),
    Broken(
        "the user's account is not linked",
        code="not_linked",
        cause="is not linked to partner",
        fix="Store tokens",
        console=_LINKS,
        **{**_LINKED, "token": Login()},
    ),
    Broken(
        "REQUESTED_ISSUER is mistyped",
        code="provider_unknown",
        cause="knows no identity provider partners",
        fix="Compare REQUESTED_ISSUER",
        settings=downstream("partner-api", REQUESTED_ISSUER="partners"),
        **_LINKED,
    ),
    Broken(
        "nobody may exchange for the provider's tokens",
        code="provider_permission_missing",
        cause="no permission to exchange for tokens of the identity provider partner",
        fix="give token-exchange a client policy that names django-app",
        console="Identity providers > partner > Permissions",
        changes=(links.NotPermitted(CLINIC, PARTNER),),
        **{**_LINKED, "token": Login()},
    ),
)
