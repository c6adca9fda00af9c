"""Broken where a provider's token is brought to the realm, or fetched from it."""

from __future__ import annotations

from typing import Any

from tests.doctor import changes, links
from tests.doctor.broken.row import Broken, downstream
from tests.doctor.realms import CLINIC, PARTNER
from tests.doctor.tokens import Brought, Login, Partners
from tests.real_keycloak import PERMISSIONS

_EXTERNAL: dict[str, Any] = {
    "audience": "orders-partner",
    "about": "downstream orders-partner",
    "token": Partners(),
    "on": (PERMISSIONS,),
}
_LINKED: dict[str, Any] = {
    "audience": "partner-api",
    "about": "downstream partner-api",
    "token": Brought(),
    "on": (PERMISSIONS,),
}
_LINKS = "Users > (the user) > Identity provider links"

ROWS = (
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
        provision=True,
        cause="does not say of what type it is",
        fix="Disable type claim check: switch it on",
        console="Identity providers > partner > Advanced settings > "
        "Disable type claim check",
        **{**_EXTERNAL, "token": Partners((("typ", None),))},
    ),
    Broken(
        "a provider's keys are elsewhere",
        code="external_rejected",
        provision=None,
        cause="its keys are others",
        fix="compare Issuer, JWKS URL and User Info URL",
        console="Identity providers > partner",
        changes=(
            changes.provider(PARTNER, config={"jwksUrl": "http://127.0.0.1:9/jwks"}),
        ),
        **_EXTERNAL,
    ),
    Broken(
        "a provider of logins whose alias is mistyped",
        code="provider_not_there",
        provision=True,
        cause="knows no identity provider partners",
        fix="Compare the keys of PROVIDERS",
        about="provider partners",
        setting="KC_EXCHANGE['PROVIDERS']",
        console="Identity providers",
        settings={
            "PROVIDERS": {
                "partners": {"KIND": "google", "AUDIENCES": ["*"], "CLIENT_ID": "app"}
            }
        },
        token=None,
        audience="",
        annex=True,
        on=(PERMISSIONS,),
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
        "a provider of PROVIDERS that Keycloak does not know",
        code="provider_unknown",
        cause="knows no identity provider google",
        fix="Compare REQUESTED_ISSUER",
        provision=True,
        settings={
            "PROVIDERS": {
                "google": {"KIND": "google", "AUDIENCES": ["app"], "CLIENT_ID": "app"}
            },
            **downstream("partner-api", REQUESTED_ISSUER="google"),
        },
        **_LINKED,
    ),
    Broken(
        "nobody may exchange for the provider's tokens",
        code="provider_permission_missing",
        provision=None,
        cause="no permission to exchange for tokens of the identity provider partner",
        fix="give token-exchange a client policy that names django-app",
        console="Identity providers > partner > Permissions",
        changes=(links.NotPermitted(CLINIC, PARTNER),),
        **{**_LINKED, "token": Login()},
    ),
)
