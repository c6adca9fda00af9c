"""What can be wrong where another issuer's token is brought to a realm, or fetched."""

from __future__ import annotations

from kc_exchange.doctor.catalogue import mended
from kc_exchange.doctor.catalogue.entry import (
    CAPABILITY,
    DOWNSTREAM,
    PERHAPS,
    REALM,
    YES,
    Entry,
)

_PROVIDER = "Identity providers > {provider}"
_PERMISSIONS = f"{_PROVIDER} > Permissions"
_GRANT = f"{CAPABILITY} > JWT Authorization Grant"
_LINKS = "Users > (the user) > Identity provider links"
_ISSUER = f"{DOWNSTREAM}['SUBJECT_ISSUER']"
_AUDIENCE_MAPPER = (
    "Client scopes > {scopes} > Mappers > Add mapper > By configuration > Audience"
)

BROKERED: dict[str, Entry] = {
    "provider_unknown": Entry(
        setting=_ISSUER, console="Identity providers", provision=mended.provider
    ),
    "provider_not_there": Entry(
        "The realm {realm} knows no identity provider {provider}.",
        "Compare the keys of PROVIDERS with the aliases under Identity providers.",
        setting="KC_EXCHANGE['PROVIDERS']",
        console="Identity providers",
        provision=YES,
    ),
    "provider_permission_missing": Entry(console=_PERMISSIONS, provision=PERHAPS),
    "permissions_off": Entry(
        "Keycloak runs without admin-fine-grained-authz:v1, so no client can have the "
        "permission to exchange tokens of an identity provider.",
        "Start Keycloak with --features=token-exchange,admin-fine-grained-authz:v1, "
        "or use STRATEGY 'jwt-grant', which needs neither since Keycloak 26.6.",
        setting=f"{DOWNSTREAM}['STRATEGY']",
    ),
    "provider_failed": Entry(console=f"{_PROVIDER} > Enabled", provision=PERHAPS),
    "provider_without_key": Entry(
        console=f"{_PROVIDER} > Validate Signatures", provision=YES
    ),
    "provider_gives_no_tokens": Entry(setting=f"{DOWNSTREAM}['REQUESTED_ISSUER']"),
    "external_type_refused": Entry(
        setting="KC_EXCHANGE['PROVIDERS']['{provider}']['TOKEN_TYPE']"
    ),
    "external_typ_missing": Entry(
        console=f"{_PROVIDER} > Advanced settings > Disable type claim check",
        provision=mended.type_claim,
    ),
    "external_rejected": Entry(
        "Keycloak does not accept the token as one of the identity provider "
        "{provider}, and does not say why: its keys are others, its issuer is "
        "another, or its user info does not answer or does not accept it.",
        f"{_PROVIDER}: compare Issuer, JWKS URL and User Info URL with the provider's "
        "discovery document, and that Keycloak reaches them. Its event "
        "TOKEN_EXCHANGE_ERROR says which.",
        console=_PROVIDER,
        provision=PERHAPS,
    ),
    "external_refused": Entry(
        "This project refuses the token before Keycloak is asked: {why}.",
        "Compare ISSUER, AUDIENCES and TOKEN_TYPE of the provider with what its "
        "tokens carry.",
        setting="KC_EXCHANGE['PROVIDERS']['{provider}']['AUDIENCES']",
    ),
    "user_exists": Entry(console=_LINKS),
    "user_shut_out": Entry(console="Users > (the user) > Enabled"),
    "not_linked": Entry(console=_LINKS),
    "linked_token_over": Entry(console=f"{_PROVIDER} > Store tokens"),
    "linked_type_refused": Entry(setting=f"{DOWNSTREAM}['REQUESTED_ISSUER']"),
    "assertion_client_missing": Entry(
        "The user's realm {realm} has no client whose id is the issuer of the other "
        "realm, {audience}: a token can be made for a client alone.",
        "Make a client with the id {audience} in the realm {realm}, without any flow.",
        console="Clients > Create client",
        provision=YES,
    ),
    "assertion_client_off": Entry(
        "In the user's realm {realm} the client {audience}, which stands for the other "
        "realm, is disabled.",
        "Enable it.",
        console="Clients > {audience} > Enabled",
        provision=YES,
    ),
    "assertion_mapper_missing": Entry(
        "Nothing puts the other realm's issuer {audience} into a token of client "
        "{client}: with {scopes} it is for {audiences}.",
        f"{_AUDIENCE_MAPPER}: Included Custom Audience {{audience}}; and name the "
        "scope in ASSERTION_SCOPES.",
        setting=f"{DOWNSTREAM}['ASSERTION_SCOPES']",
        console=_AUDIENCE_MAPPER,
        provision=YES,
    ),
    "jwt_grant_off": Entry(console=_GRANT, provision=YES),
    "jwt_grant_no_provider": Entry(console="Identity providers", provision=YES),
    "provider_disabled": Entry(console=f"{_PROVIDER} > Enabled", provision=YES),
    "jwt_grant_provider_not_allowed": Entry(
        console=f"{CAPABILITY} > Allowed Identity Providers for JWT Authorization "
        "Grant",
        provision=YES,
    ),
    "jwt_grant_provider_off": Entry(
        console=f"{_PROVIDER} > JWT Authorization Grant", provision=YES
    ),
    "assertion_signature": Entry(console=f"{_PROVIDER} > JWKS URL", provision=PERHAPS),
    "assertion_audience": Entry(setting=f"{REALM}['ISSUER']", console=_GRANT),
    "assertion_audience_wide": Entry(console="Clients > {client} > Client scopes"),
    "assertion_clock": Entry(console=f"{_PROVIDER} > Allowed clock skew"),
    "assertion_too_long": Entry(
        console=f"{_PROVIDER} > Max allowed assertion expiration"
    ),
    "assertion_reused": Entry(),
    "assertion_refused": Entry(),
    "user_not_linked": Entry(console=_LINKS),
    "user_disabled_there": Entry(console="Users > (the user) > Enabled"),
    "user_has_actions": Entry(console="Users > (the user) > Required user actions"),
}
