"""What can be wrong with the user's token."""

from __future__ import annotations

from kc_exchange.doctor.catalogue import mended
from kc_exchange.doctor.catalogue.entry import YES, Entry

_CAPTURE = "KC_EXCHANGE['CAPTURE']"
_LOG_IN = "Log in again."
_SESSIONS = "Users > (the user) > Sessions"
_GIVE_ANOTHER = (
    "Give the access token of a login: the member access_token of its answer. In the "
    "project, let CAPTURE return that one."
)

SUBJECT: dict[str, Entry] = {
    "subject_not_jwt": Entry(
        "The token is no JWT, and no provider in PROVIDERS issues others.",
        _GIVE_ANOTHER,
        setting=_CAPTURE,
    ),
    "subject_is_id_token": Entry(
        "It is an ID token: it says who logged in, and no exchange takes it.",
        _GIVE_ANOTHER,
        setting=_CAPTURE,
    ),
    "subject_is_refresh_token": Entry(
        "It is a refresh token, which no exchange takes. It is as good as a login: "
        "whoever saw it has to be trusted.",
        _GIVE_ANOTHER,
        setting=_CAPTURE,
    ),
    "subject_not_access_token": Entry(setting=_CAPTURE),
    "subject_issuer_unknown": Entry(
        "Its issuer ({issuer}) is neither an ISSUER in REALMS nor one in PROVIDERS.",
        "Write ISSUER to the letter as tokens carry it in `iss`: scheme, host, port "
        "and final slash. It is the address at which the user's browser reached "
        "Keycloak, unless --hostname or the realm's Frontend URL says another.",
        setting="KC_EXCHANGE['REALMS']",
        console="Realm settings > General > Frontend URL",
    ),
    "subject_expired": Entry("It expired {seconds} s ago.", _LOG_IN),
    "subject_never_expires": Entry(
        "It says no time at which it expires.", _GIVE_ANOTHER, state="warning"
    ),
    "subject_signature": Entry(
        "Its signature is not one of this realm's keys: {why}.",
        "Give the token as it came, whole. If the realm's keys were changed, log in "
        "again.",
        console="Realm settings > Keys",
    ),
    "subject_long": Entry(
        "It has {length} characters: a request that carries it in `Authorization` is "
        "refused here beyond {limit}, and by many servers.",
        "Leave groups and roles out of the login's token by fewer client scopes.",
        console="Clients > (the client of the login) > Client scopes",
        state="warning",
    ),
    "token_too_long": Entry(
        console="Clients > (the client of the login) > Client scopes"
    ),
    "subject_bound": Entry(
        "It is bound to a key (DPoP): only who has that key can use it, and this "
        "project sends no proof.",
        "Clients > {login_client} > Capability config > Require DPoP bound tokens: "
        "switch it off, and let the login send no proof.",
        console="Clients > {login_client} > Capability config > "
        "Require DPoP bound tokens",
    ),
    "proof_missing": Entry(
        console="Clients > {client} > Capability config > Require DPoP bound tokens"
    ),
    "subject_bound_to_certificate": Entry(
        "It is bound to the certificate of the client that it was issued to.",
        "Let CERTIFICATE be the one that the login used, or switch binding off: "
        "Clients > {login_client} > Advanced > OAuth 2.0 Mutual TLS Certificate Bound "
        "Access Tokens Enabled.",
        console="Clients > {login_client} > Advanced",
    ),
    "subject_lightweight": Entry(
        "It is a lightweight access token: it carries little more than its session.",
        "Clients > {login_client} > Advanced > Always use lightweight access token: "
        "switch it off; or let the audience mapper for {client} add to lightweight "
        "access tokens.",
        console="Clients > {login_client} > Advanced > "
        "Always use lightweight access token",
        state="warning",
    ),
    "requester_not_in_audience": Entry(
        "It is not meant for {client} (its `aud` has {audiences}), and was not issued "
        "to it either, so {client} may not exchange it.",
        "Give client {login_client} a client scope, or a mapper of its own, of type "
        "Audience with Included Client Audience {client}; then log in again.",
        console="Clients > {login_client} > Client scopes > {login_client}-dedicated > "
        "Add mapper > Audience",
        provision=mended.audience_at_login,
    ),
    "requester_not_holder": Entry(
        console="Clients > {client} > Capability config > Client authentication",
        provision=YES,
    ),
    "subject_rejected": Entry(console=_SESSIONS),
    "session_over": Entry(
        "Its session at Keycloak is over: somebody logged out, an administrator ended "
        "it, or it was idle for too long.",
        _LOG_IN,
        console=_SESSIONS,
    ),
    "user_disabled": Entry(
        "The user is disabled at Keycloak.",
        "Enable the user, if they are to have access; then log in again.",
        console="Users > (the user) > Enabled",
    ),
    "user_gone": Entry("Keycloak no longer knows the user.", _LOG_IN, console="Users"),
    "login_client_off": Entry(
        "The client that it was issued to ({login_client}) is disabled or gone.",
        "Enable the client; then log in again.",
        console="Clients > {login_client} > Enabled",
    ),
    "subject_revoked": Entry(
        "Signature and times are right, and Keycloak does not accept it: it was "
        "revoked, or is older than a not-before policy.",
        "Log in again. If that does not help, look at the policies.",
        console="Sessions > Action > Revocation",
    ),
    "openid_missing": Entry(
        "It lacks the scope openid, and Keycloak checks the token of another issuer "
        "by asking that one for user info, which needs it.",
        "Let the login ask for the scope openid.",
        setting="OIDC_RP_SCOPES, or the scope of the login",
    ),
}
