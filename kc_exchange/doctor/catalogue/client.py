"""What can be wrong with the requester: the project's own client."""

from __future__ import annotations

from kc_exchange.doctor.catalogue.entry import CAPABILITY, PERHAPS, REALM, YES, Entry

_CLIENT = f"{REALM}['CLIENT_ID']"
_AUTH = f"{REALM}['CLIENT_AUTH']"
_CREDENTIALS = "Clients > {client} > Credentials"
_KEYS = "Clients > {client} > Keys"
_SWITCH = f"{CAPABILITY} > Standard Token Exchange"
_SWITCH_FIX = f"{_SWITCH}: switch it on."

CLIENT: dict[str, Entry] = {
    "client_unknown": Entry(
        "The realm has no client {client}, or it is disabled. (Keycloak says the same "
        "of a client that authenticates by a certificate, if none was shown.)",
        "Compare CLIENT_ID with the client ids of the realm, and look whether the "
        "client is enabled.",
        setting=_CLIENT,
        console="Clients > {client} > Enabled",
        provision=YES,
    ),
    "secret_wrong": Entry(
        setting=f"{REALM}['CLIENT_SECRET']",
        console=f"{_CREDENTIALS} > Client Secret",
        provision=YES,
    ),
    "client_secret_unreadable": Entry(setting=f"{REALM}['CLIENT_SECRET_FILE']"),
    "authenticator_differs": Entry(
        setting=_AUTH,
        console=f"{_CREDENTIALS} > Client Authenticator",
        provision=YES,
    ),
    "assertion_not_taken": Entry(
        "Client {client} does not authenticate by a signed JWT at Keycloak, and "
        "CLIENT_AUTH is 'private_key_jwt'.",
        f"{_CREDENTIALS} > Client Authenticator: Signed JWT; or set CLIENT_AUTH to "
        "the way that is chosen there.",
        setting=_AUTH,
        console=f"{_CREDENTIALS} > Client Authenticator",
        provision=YES,
    ),
    "certificate_refused": Entry(
        "The realm has no enabled client {client}, or Keycloak does not accept the "
        "certificate that was shown for it, or saw none.",
        f"{_CREDENTIALS}: Client Authenticator X509 Certificate, and Subject DN as "
        "the certificate has it. Keycloak has to be started with "
        "--https-client-auth=request, and a proxy before it has to pass the "
        "certificate on.",
        setting=f"{REALM}['CERTIFICATE']",
        console=f"{_CREDENTIALS} > Subject DN",
        provision=PERHAPS,
    ),
    "secret_method_differs": Entry(
        setting=_AUTH, console=f"{_CREDENTIALS} > Allowed authentication method"
    ),
    "key_unknown": Entry(setting=f"{REALM}['KEY_ID']", console=_KEYS, provision=YES),
    "key_differs": Entry(
        setting=f"{REALM}['PRIVATE_KEY']", console=_KEYS, provision=YES
    ),
    "private_key_unreadable": Entry(setting=f"{REALM}['PRIVATE_KEY']"),
    "client_assertion_audience": Entry(setting=f"{REALM}['ISSUER']"),
    "client_bearer_only": Entry(setting=_CLIENT, provision=YES),
    "client_not_oidc": Entry(setting=_CLIENT, console="Clients > {client} > Settings"),
    "requester_public": Entry(
        setting=_CLIENT,
        console=f"{CAPABILITY} > Client authentication",
        provision=YES,
    ),
    "requester_wants_proof": Entry(
        "Client {client} may ask for tokens with a DPoP proof only, and this project "
        "sends one for the tokens of downstreams with DPOP alone.",
        f"{CAPABILITY} > Require DPoP bound tokens: switch it off.",
        console=f"{CAPABILITY} > Require DPoP bound tokens",
    ),
    "service_account_off": Entry(
        console=f"{CAPABILITY} > Service account roles", provision=YES
    ),
    "grant_not_allowed": Entry(console=CAPABILITY, provision=PERHAPS),
    "switch_off": Entry(console=_SWITCH, provision=YES),
    "exchange_off": Entry(),
    "jwt_grant_unknown": Entry(),
    "legacy_on": Entry(
        "The legacy token exchange is on and nothing in KC_EXCHANGE needs it: what the "
        "standard exchange refuses falls through to its other rules.",
        "Start Keycloak without the feature token-exchange.",
        state="warning",
    ),
    "legacy_off": Entry(
        "Keycloak runs without its legacy token exchange, the only one for: {uses}.",
        "Start Keycloak with --features=token-exchange, and for strategies with "
        "--features=token-exchange,admin-fine-grained-authz:v1; or leave them out of "
        "KC_EXCHANGE, and set AT_KEYCLOAK of IMPERSONATION to 'never'.",
    ),
    "legacy_answers": Entry(
        "The legacy exchange answered in place of the standard one, by rules of its "
        "own: the standard one takes only clients whose switch is on.",
        _SWITCH_FIX,
        console=_SWITCH,
        provision=YES,
    ),
    "legacy_refuses": Entry(console=_SWITCH, provision=YES),
    "audience_asks_consent": Entry(console=_SWITCH, provision=YES),
    "requester_lightweight": Entry(
        "Client {client} is given lightweight access tokens, from which Keycloak "
        "leaves audiences out, so no audience can be chosen.",
        "Clients > {client} > Advanced > Always use lightweight access token: switch "
        "it off. Or let the audience mappers add to lightweight access tokens.",
        console="Clients > {client} > Advanced > Always use lightweight access token",
    ),
    "consent_missing": Entry(
        console="Clients > {client} > Settings > Consent required", provision=YES
    ),
    "policy_refuses": Entry(console="Realm settings > Client policies"),
    "request_refused": Entry(console="Realm settings > Client policies"),
    "parameter_refused": Entry(),
    "type_unsupported": Entry(),
    "denied": Entry(),
    "login_over": Entry(),
}
