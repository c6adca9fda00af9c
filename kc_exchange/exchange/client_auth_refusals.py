"""What Keycloak's refusals of the requester's own authentication mean.

Any grant can get them, so they are tried before `standard_refusals`. A wrong secret and
a wrong way of authentication often read the same. Wording of 26.2 to 26.7.
"""

from __future__ import annotations

from kc_exchange.exceptions import ClientAuthFailed
from kc_exchange.exchange.rows import Row

_BY_KEY = (
    "Set CLIENT_AUTH to 'private_key_jwt' and give PRIVATE_KEY, or choose another "
    "authenticator: Clients > {client} > Credentials > Client Authenticator."
)
_BY_CERTIFICATE = (
    "Set CLIENT_AUTH to 'tls_client_auth' and give CERTIFICATE, or choose another "
    "authenticator: Clients > {client} > Credentials > Client Authenticator."
)
_CLOCKS = "Set the clock of this machine, or that of Keycloak, by a time server."
_KEYS = "Clients > {client} > Keys"


def _row(starts: str, cause: str, fix: str, diagnosis: str, *, error: str = "") -> Row:
    return Row(
        error or "invalid_client", starts, ClientAuthFailed, cause, fix, diagnosis
    )


CLIENT_AUTH_ROWS: tuple[Row, ...] = (
    _row(
        "Bearer-only not allowed",
        "Client {client} is bearer-only: it may not ask for a token.",
        "Set `bearerOnly` of client {client} to false, by an import or the admin API: "
        "the console does not show it. Or name another client in CLIENT_ID.",
        "client_bearer_only",
    ),
    _row(
        "Wrong client protocol",
        "Client {client} is one of SAML.",
        "Name a client of type OpenID Connect in CLIENT_ID.",
        "client_not_oidc",
    ),
    _row(
        "Parameter client_assertion_type is missing",
        "Client {client} has to authenticate by a signed JWT, and CLIENT_AUTH says "
        "otherwise.",
        _BY_KEY,
        "authenticator_differs",
    ),
    _row(
        "Missing client_id parameter",
        "Client {client} has to authenticate by a certificate, and CLIENT_AUTH says "
        "otherwise.",
        _BY_CERTIFICATE,
        "authenticator_differs",
    ),
    _row(
        "Invalid method used to get client secret",
        "Client {client} has to send its secret in the other way.",
        "Set CLIENT_AUTH to the method that Keycloak names, or: Clients > {client} > "
        "Credentials > Allowed authentication method.",
        "secret_method_differs",
        error="unauthorized_client",
    ),
    _row(
        "Unable to load public key",
        "Keycloak has no key of client {client} that fits the assertion.",
        f"{_KEYS}: give the public key of PRIVATE_KEY, by its JWKS URL or by import, "
        "and compare its `kid` with KEY_ID.",
        "key_unknown",
    ),
    _row(
        "Client authentication with signed JWT failed",
        "The assertion of client {client} was signed with another key than Keycloak "
        "has.",
        f"{_KEYS}: give the public key of PRIVATE_KEY.",
        "key_differs",
    ),
    _row(
        "Invalid signature algorithm",
        "Client {client} has to sign its assertion with another algorithm.",
        "Clients > {client} > Credentials > Signature algorithm: Any, or that of the "
        "kind of PRIVATE_KEY.",
        "key_differs",
    ),
    _row(
        "Invalid token audience",
        "The assertion of client {client} is not meant for this realm as Keycloak "
        "knows itself.",
        "Write ISSUER as the realm's discovery document has it; see the option "
        "--hostname of Keycloak.",
        "client_assertion_audience",
    ),
    *(
        _row(starts, "The clocks of this machine and of Keycloak differ.", _CLOCKS, why)
        for starts, why in (
            ("Token is not active", "clock_differs"),
            ("Token was issued ", "clock_differs"),
            ("Token expiration is too far", "clock_differs"),
        )
    ),
    _row(
        "Client not enabled to retrieve service account",
        "Client {client} has no service account.",
        "Clients > {client} > Capability config > Service account roles: switch it on.",
        "service_account_off",
        error="unauthorized_client",
    ),
    _row(
        "Public client not allowed to retrieve service account",
        "The requester {client} is a public client.",
        "Clients > {client} > Capability config > Client authentication: switch it on.",
        "requester_public",
        error="unauthorized_client",
    ),
)
