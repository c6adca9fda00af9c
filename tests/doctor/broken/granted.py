"""Broken where a token is an assertion in another realm (RFC 7523)."""

from __future__ import annotations

from typing import Any

from tests.doctor import changes, links
from tests.doctor.broken.row import Broken, downstream
from tests.doctor.realms import ANNEX, CLINIC
from tests.doctor.tokens import Login

_STOCK: dict[str, Any] = {
    "audience": "stock",
    "about": "downstream stock",
}
_GRANT = "Clients > annex-app > Capability config > JWT Authorization Grant"
_LINKS = "Users > (the user) > Identity provider links"
_ASSERTION_SCOPES = "KC_EXCHANGE['DOWNSTREAMS']['stock']['ASSERTION_SCOPES']"

ROWS = (
    Broken(
        "no client stands for the other realm",
        code="assertion_client_missing",
        provision=True,
        cause="no client whose id is the issuer of the other realm",
        fix="Make a client with the id",
        console="Clients > Create client",
        changes=(links.Renamed(ANNEX, "somebody-else"),),
        **_STOCK,
    ),
    Broken(
        "the client that stands for the other realm is disabled",
        code="assertion_client_off",
        provision=True,
        cause="which stands for the other realm, is disabled",
        fix="Enable it",
        changes=(links.Renamed(ANNEX, "", enabled=False),),
        **_STOCK,
    ),
    Broken(
        "no mapper puts the other realm into the audience",
        code="assertion_mapper_missing",
        provision=True,
        cause="Nothing puts the other realm's issuer",
        fix="Included Custom Audience",
        setting=_ASSERTION_SCOPES,
        console="Client scopes > to-annex > Mappers > Add mapper > By configuration > "
        "Audience",
        changes=(changes.Mappers("clientScopes", "to-annex"),),
        **_STOCK,
    ),
    Broken(
        "ASSERTION_SCOPES is left out",
        code="assertion_mapper_missing",
        provision=True,
        cause="Nothing puts the other realm's issuer",
        fix="name the scope in ASSERTION_SCOPES",
        setting=_ASSERTION_SCOPES,
        settings=downstream("stock", ASSERTION_SCOPES=[]),
        **_STOCK,
    ),
    Broken(
        "the grant is off for the client",
        code="jwt_grant_off",
        provision=True,
        cause="The JWT authorization grant is off for client annex-app",
        fix="JWT Authorization Grant: switch it on",
        console=_GRANT,
        changes=(
            changes.attribute(
                "annex-app", "oauth2.jwt.authorization.grant.enabled", "false", ANNEX
            ),
        ),
        **_STOCK,
    ),
    Broken(
        "the grant is off, and no user's token is given",
        code="jwt_grant_off",
        provision=True,
        cause="The JWT authorization grant is off for client annex-app",
        fix="JWT Authorization Grant: switch it on",
        console=_GRANT,
        changes=(
            changes.attribute(
                "annex-app", "oauth2.jwt.authorization.grant.enabled", "false", ANNEX
            ),
        ),
        token=None,
        **_STOCK,
    ),
    Broken(
        "the client may use no identity provider",
        code="jwt_grant_provider_not_allowed",
        provision=True,
        cause="may not use assertions of the user's realm",
        fix="name the identity provider of the user's realm",
        console="Clients > annex-app > Capability config > Allowed Identity Providers "
        "for JWT Authorization Grant",
        changes=(
            changes.attribute(
                "annex-app", "oauth2.jwt.authorization.grant.idp", "nobody", ANNEX
            ),
        ),
        **_STOCK,
    ),
    Broken(
        "the identity provider takes no assertions",
        code="jwt_grant_no_provider",
        provision=True,
        cause="has no identity provider for the issuer of the user's token",
        fix="JWT Authorization Grant: switch it on",
        console="Identity providers",
        changes=(
            changes.provider(
                CLINIC, ANNEX, config={"jwtAuthorizationGrantEnabled": "false"}
            ),
        ),
        **_STOCK,
    ),
    Broken(
        "the identity provider has another issuer",
        code="jwt_grant_no_provider",
        provision=True,
        cause="has no identity provider for the issuer of the user's token",
        fix="JWT Authorization Grant: switch it on",
        changes=(
            changes.provider(CLINIC, ANNEX, config={"issuer": "https://id.example/"}),
        ),
        **_STOCK,
    ),
    Broken(
        "the identity provider of the user's realm is disabled",
        code="jwt_grant_no_provider",
        provision=True,
        cause="or none that is enabled",
        fix="JWT Authorization Grant: switch it on",
        changes=(changes.provider(CLINIC, ANNEX, enabled=False),),
        **_STOCK,
    ),
    Broken(
        "the identity provider's keys are another realm's",
        code="assertion_signature",
        provision=None,
        cause="does not know the key, or the algorithm, of the assertion",
        fix="JWKS URL",
        changes=(links.KeysOf(CLINIC, "master", ANNEX),),
        **_STOCK,
    ),
    Broken(
        "an audience of the client's own",
        code="assertion_audience",
        cause="not meant for this realm as Keycloak knows itself",
        fix="an audience of the client's own",
        changes=(
            changes.attribute(
                "annex-app",
                "oauth2.jwt.authorization.grant.audience",
                '[{"key":"clinic","value":"annex"}]',
                ANNEX,
            ),
        ),
        **_STOCK,
    ),
    Broken(
        "the user is linked to nobody there",
        code="user_not_linked",
        cause="links nobody to this user of the other realm",
        fix="Identity provider links",
        console=_LINKS,
        token=Login(user="bob"),
        **_STOCK,
    ),
    Broken(
        "the user is disabled there",
        code="user_disabled_there",
        cause="The user is disabled in the realm annex",
        fix="Enable the user there",
        console="Users > (the user) > Enabled",
        changes=(changes.user("alice", ANNEX, enabled=False),),
        **_STOCK,
    ),
    Broken(
        "the user has something to do there first",
        code="user_has_actions",
        cause="has to do something first in the realm annex",
        fix="Required user actions",
        console="Users > (the user) > Required user actions",
        changes=(changes.user("alice", ANNEX, requiredActions=["UPDATE_PASSWORD"]),),
        **_STOCK,
    ),
    Broken(
        "the other realm's requester asks for consent",
        code="consent_missing",
        provision=True,
        cause="has not given the consent that client annex-app asks for",
        fix="Clients > annex-app > Consent required: switch it off",
        console="Clients > annex-app > Settings > Consent required",
        changes=(changes.client("annex-app", ANNEX, consentRequired=True),),
        **_STOCK,
    ),
    Broken(
        "both realms are one",
        code="same_realm",
        cause="of realm 'default' already",
        fix="Use STRATEGY 'exchange'",
        settings=downstream("stock", REALM="default"),
        **_STOCK,
    ),
)
