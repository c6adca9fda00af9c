"""Name the token types of a token exchange (RFC 8693 section 3)."""

from __future__ import annotations

TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"  # noqa: S105 - not a secret
ACCESS, REFRESH, ID, JWT, SAML2 = (
    f"{TOKEN_TYPE}{kind}"
    for kind in ("access_token", "refresh_token", "id_token", "jwt", "saml2")
)
