"""What refusals of proofs and of bound tokens mean (RFC 9449, RFC 8705)."""

from __future__ import annotations

from kc_exchange.dpop import USE_NONCE
from kc_exchange.exceptions import ExchangeMisconfigured, ProofRequired
from kc_exchange.exchange.rows import Row

PROOF_ROWS: tuple[Row, ...] = (
    Row(
        "invalid_request",
        "Client certificate missing",
        ProofRequired,
        "The user's token is bound to a certificate that was not shown.",
        "Let CERTIFICATE be the one that the login used.",
        diagnosis="subject_bound_to_certificate",
    ),
    Row(
        "invalid_request",
        "DPoP proof is not active",
        ExchangeMisconfigured,
        "Keycloak finds the DPoP proof too old, or made in the future.",
        "Compare the clocks of the two machines.",
        diagnosis="clock_differs",
    ),
    Row(
        "invalid_request",
        "DPoP HTTP ",
        ExchangeMisconfigured,
        "Keycloak was called by another address than it takes for its own, and the "
        "DPoP proof names the one it was called by.",
        "Let ISSUER and DISCOVERY_URL lead to the address that Keycloak has for its "
        "own: its options hostname, hostname-backchannel-dynamic and proxy-headers.",
        diagnosis="proof_address",
    ),
    Row(
        "invalid_request",
        "Unsupported DPoP algorithm",
        ExchangeMisconfigured,
        "Keycloak takes no DPoP proof that a key of this kind has signed.",
        "Let DPOP_KEY be an EC key of the curve P-256.",
        diagnosis="proof_algorithm",
    ),
    Row("invalid_request", "DPoP ", ProofRequired, diagnosis="proof_missing"),
    Row(
        "invalid_request",
        "Sender-constrained",
        ProofRequired,
        diagnosis="subject_bound",
    ),
    *(
        Row(
            error,
            "",
            ExchangeMisconfigured,
            "The token endpoint does not take the DPoP proof.",
            "Compare the clocks of the two machines, and see that nothing between "
            "them changes the headers DPoP and DPoP-Nonce.",
            diagnosis="proof_refused",
        )
        for error in ("invalid_dpop_proof", USE_NONCE)
    ),
)
