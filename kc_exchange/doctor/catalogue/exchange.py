"""What can be wrong with a downstream's token in the user's own realm."""

from __future__ import annotations

from kc_exchange.doctor.catalogue import mended
from kc_exchange.doctor.catalogue.entry import DOWNSTREAM, PERHAPS, REALM, YES, Entry

_AUDIENCE = f"{DOWNSTREAM}['AUDIENCE']"
_SCOPES = f"{DOWNSTREAM}['SCOPES']"
_MAPPER = (
    "Client scopes > {scopes} > Mappers > Add mapper > By configuration > Audience"
)
_LIFESPAN = "Clients > {client} > Advanced > Access Token Lifespan"
_LIFESPAN_FIX = f"{_LIFESPAN}: 60 to 300 seconds; 60 to 120 for impersonation."
_CLIENT_SCOPES = "Clients > {client} > Client scopes"

EXCHANGE: dict[str, Entry] = {
    "audience_unknown": Entry(
        setting=_AUDIENCE, console="Clients > Create client", provision=YES
    ),
    "audience_disabled": Entry(
        setting=_AUDIENCE, console="Clients > {audience} > Enabled", provision=YES
    ),
    "audience_not_available": Entry(
        setting=_SCOPES, console=_MAPPER, provision=PERHAPS
    ),
    "audience_mapper_missing": Entry(
        "No scope that client {client} gets brings the audience {audience}: with "
        "{scopes} its token is for {audiences}.",
        f"{_MAPPER}: Included Client Audience {{audience}}.",
        setting=_SCOPES,
        console=_MAPPER,
        provision=YES,
    ),
    "scopes_empty": Entry(
        "SCOPES names no scope, and no default scope of client {client} brings the "
        "audience {audience}: its token is for {audiences}.",
        "Make an optional client scope with an audience mapper for {audience}, give "
        "it to client {client}, and name it in SCOPES.",
        setting=_SCOPES,
        console="Client scopes > Create client scope",
        provision=YES,
    ),
    "role_missing": Entry(
        "Keycloak leaves {missing} out for this user: that scope is for holders of a "
        "role that the user has not, or is not named in tokens.",
        "Give the user the role that stands in Client scopes > {missing} > Scope: "
        "Users > Role mapping. Or take the role out there. If there is none: Client "
        "scopes > {missing} > Include in token scope, and its audience mapper.",
        setting=_SCOPES,
        console="Client scopes > {missing} > Scope",
        provision=PERHAPS,
    ),
    "scope_not_granted": Entry(
        "The exchange works, but Keycloak leaves {missing} out for this user: that "
        "scope is for holders of a role that the user has not, or is not named in "
        "tokens (Include in token scope).",
        "Users > Role mapping: give the role, if the downstream needs the scope.",
        setting=_SCOPES,
        console="Client scopes > {missing} > Scope",
        provision=PERHAPS,
        state="warning",
    ),
    "scope_unknown": Entry(
        setting=_SCOPES,
        console=f"{_CLIENT_SCOPES} > Add client scope > Optional",
        provision=mended.scopes,
    ),
    "scope_wider": Entry(setting=f"{REALM}['DEFAULT_SCOPES']", console=_CLIENT_SCOPES),
    "scope_not_in_subject": Entry(
        setting=_SCOPES, console="Realm settings > Client policies"
    ),
    "target_refused": Entry(setting=_AUDIENCE),
    "audience_differs": Entry(console=f"{_CLIENT_SCOPES} > {{client}}-dedicated"),
    "sub_missing": Entry(console=f"{_CLIENT_SCOPES} > Add client scope > basic"),
    "user_differs": Entry(),
    "token_not_bearer": Entry(
        console="Clients > {client} > Capability config > Require DPoP bound tokens"
    ),
    "token_not_bound": Entry(setting=f"{DOWNSTREAM}['DPOP']"),
    "token_bound_to_other": Entry(setting=f"{REALM}['DPOP_KEY']"),
    "proof_key_missing": Entry(setting=f"{REALM}['DPOP_KEY']"),
    "proof_algorithm": Entry(setting=f"{REALM}['DPOP_KEY']"),
    "proof_address": Entry(setting=f"{REALM}['DISCOVERY_URL']"),
    "proof_refused": Entry(setting=f"{DOWNSTREAM}['DPOP']"),
    "reply_differs": Entry(setting=f"{REALM}['ISSUER']"),
    "actor_ignored": Entry(setting=f"{DOWNSTREAM}['ACTOR']"),
    "form_too_long": Entry(setting=_SCOPES),
    "lifespan_long": Entry(
        "The token lives {seconds} s. Nothing takes it back: not a logout, not the end "
        "of the user's rights.",
        _LIFESPAN_FIX,
        console=_LIFESPAN,
        provision=YES,
        state="warning",
    ),
    "lifespan_short": Entry(
        "The token lives {seconds} s only: nearly each call asks Keycloak anew. (A "
        "session that is about to end cuts it, too.)",
        _LIFESPAN_FIX,
        console=_LIFESPAN,
        provision=PERHAPS,
        state="warning",
    ),
    "own_audience_missing": Entry(setting=_SCOPES, console=_MAPPER, provision=YES),
    "forward_audience": Entry(
        "STRATEGY is 'forward', and the user's token is not for {audience}: its `aud` "
        "has {audiences}. A service that checks it refuses the token.",
        "Use STRATEGY 'exchange'; or give client {login_client} an audience mapper "
        "for {audience}.",
        setting=f"{DOWNSTREAM}['STRATEGY']",
        console="Clients > {login_client} > Client scopes",
        state="warning",
    ),
    "other_realm": Entry(setting=f"{DOWNSTREAM}['REALM']"),
    "same_realm": Entry(setting=f"{DOWNSTREAM}['STRATEGY']"),
    "other_provider": Entry(setting=f"{DOWNSTREAM}['SUBJECT_ISSUER']"),
    "provider_token": Entry(setting=f"{DOWNSTREAM}['STRATEGY']"),
    "realm_not_configured": Entry(setting="KC_EXCHANGE['REALMS']"),
    "downstream_unreachable": Entry(
        "{host} does not answer from here: {why}.",
        "Check BASE_URL, the name service and the network between.",
        setting=f"{DOWNSTREAM}['BASE_URL']",
        state="warning",
    ),
    "downstream_tls": Entry(
        "No trusted TLS connection to {host}: {why}.",
        "Check the certificate's name and dates; CA_BUNDLE names a private authority.",
        setting=f"{DOWNSTREAM}['CA_BUNDLE']",
        state="warning",
    ),
    "downstream_bundle_unreadable": Entry(setting=f"{DOWNSTREAM}['CA_BUNDLE']"),
    "downstream_certificate_unreadable": Entry(setting=f"{DOWNSTREAM}['CERTIFICATE']"),
}
