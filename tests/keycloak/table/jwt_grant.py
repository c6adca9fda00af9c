"""The JWT authorization grant (RFC 7523): an assertion in exchange for a token."""

from tests.keycloak.assertions import (
    assertion,
    granted,
    keeps_out,
    lets_in,
)
from tests.keycloak.clients import Basic, Public
from tests.keycloak.proofs import Proof, thumbprint
from tests.keycloak.rows import refused

NO_JWT = keeps_out("The provided assertion is not a valid JWT")
NO_PROVIDER = keeps_out(
    "No Identity Provider for provided issuer", identity_provider=None
)
ALGORITHM = keeps_out("Invalid signature algorithm", identity_provider="stub")
SIGNATURE = keeps_out("Invalid signature", username=None)
DEFAULTS = {"profile", "email"}
REQUESTS = (
    granted("a token of the linked user", assertion(), lets_in(scope=DEFAULTS)),
    granted(
        "openid brings an ID token along",
        assertion(),
        lets_in(
            scope={"openid", *DEFAULTS},
            fewer_keys=("session_state", "issued_token_type"),
            more_keys=("id_token",),
        ),
        scope="openid",
    ),
    granted(
        "offline_access brings no refresh token",
        assertion(),
        lets_in(scope={"offline_access", *DEFAULTS}),
        scope="offline_access",
    ),
    *(
        granted(
            f"scope {what}",
            assertion(),
            keeps_out(f"Invalid scopes: {scope}", "invalid_scope", username="gus"),
            scope=scope,
        )
        for what, scope in (("unknown", "nonsense"), ("empty", ""))
    ),
    granted("audience is not looked at", assertion(), lets_in(), audience="nowhere"),
    granted(
        "bound to a key",
        assertion(),
        lets_in(
            body={"token_type": "DPoP"},
            typ="DPoP",
            absent=("sid", "act"),
            cnf={"jkt": thumbprint("first"), "kc-jkt-type": "DPoP"},
        ),
        headers=(("DPoP", Proof()),),
    ),
    granted("no assertion", None, keeps_out("Missing parameter:assertion")),
    *(
        granted(f"no token: {text or 'empty'}", text, NO_JWT)
        for text in (
            "",
            "nonsense",
            "a.b.c",
            "eyJhbGciOiJSUzI1NiJ9.bm9qc29u.AA",
            "eyJhbGciOiJYWCJ9.e30.AA",
        )
    ),
    granted("no claims", "e30.e30.e30", keeps_out("Missing claim: iss")),
    granted(
        "assertion twice",
        "one",
        refused(400, "invalid_request", "duplicated parameter"),
        assertion="two",
    ),
    granted(
        "assertion long, but not too long",
        assertion(claims={"padding": "x" * 5000}),
        lets_in(),
    ),
    granted(
        "assertion too long",
        "x" * 20_001,
        refused(
            400,
            "invalid_request",
            "The size of OIDC parameter 'assertion' is longer than allowed.",
        ),
    ),
)

CLIENTS = (
    granted(
        "a public client",
        assertion(),
        keeps_out("Public client not allowed to use authorization grant"),
        Public("gateway-public"),
    ),
    granted(
        "a client that is not enabled for it",
        assertion(),
        keeps_out("JWT Authorization Grant is not supported for the requested client"),
        Basic("bystander"),
    ),
    granted(
        "a provider that is not the client's",
        assertion(),
        keeps_out(
            "Identity Provider is not allowed for the client", identity_provider="stub"
        ),
        Basic("grant-narrow"),
    ),
    granted(
        "a provider that is the client's",
        assertion(path="/grant"),
        lets_in("gus", "account", azp="grant-narrow"),
        Basic("grant-narrow"),
    ),
    granted(
        "wrong secret",
        assertion(),
        refused(
            401, "unauthorized_client", "Invalid client or Invalid client credentials"
        ),
        Basic("gateway", "wrong"),
    ),
    granted(
        "a client that needs consent, and has none",
        assertion(),
        keeps_out("Missing consents for the client grant-consent", "invalid_scope"),
        Basic("grant-consent"),
    ),
    granted(
        "a client that needs consent, and has it",
        assertion(name="carl"),
        lets_in("carl", "account", azp="grant-consent", aud=None),
        Basic("grant-consent"),
    ),
    granted(
        "a client that needs consent, and has it for less",
        assertion(name="carl"),
        keeps_out("Missing consents for the client grant-consent", "invalid_scope"),
        Basic("grant-consent"),
        scope="phone",
    ),
)

PROVIDERS = (
    *(
        granted(f"iss {what}", token, expect)
        for what, token, expect in (
            (
                "missing",
                assertion(claims={"iss": None}),
                keeps_out("Missing claim: iss", identity_provider_user_id="gus"),
            ),
            ("unknown", assertion(path="/other"), NO_PROVIDER),
            ("of a disabled provider", assertion(path="/off"), NO_PROVIDER),
            ("of a provider that takes none", assertion(path="/pem"), NO_PROVIDER),
            ("of a provider of assertions", assertion(path="/grant"), lets_in()),
        )
    ),
    *(
        granted(f"signed {how}", token, expect)
        for how, token, expect in (
            ("by somebody else", assertion(key="stranger"), SIGNATURE),
            ("by an unknown key", assertion(kid="unknown"), SIGNATURE),
            ("by a key that it does not name", assertion(kid=None), lets_in()),
            ("by nobody", assertion(algorithm="none", kid=None), ALGORITHM),
            (
                "with another algorithm of the key",
                assertion(algorithm="RS384"),
                SIGNATURE,
            ),
            (
                "by an elliptic key",
                assertion(algorithm="ES256", key="e1", kid="e1"),
                lets_in(),
            ),
            (
                "with another algorithm than the provider's",
                assertion(path="/strict"),
                keeps_out(
                    "Invalid signature algorithm", identity_provider="grant-strict"
                ),
            ),
        )
    ),
    *(
        granted(f"typ {kind} is not looked at", assertion(kind=kind), lets_in())
        for kind in ("Logout", None)
    ),
)

USERS = (
    *(
        granted(f"a user who {what}", assertion(name=name), keeps_out(said))
        for what, name, said in (
            ("is not linked", "stranger", "User not found"),
            ("is disabled", "dana", "User is not enabled"),
            ("must act first", "uma", "Account is not fully set up"),
        )
    ),
    granted(
        "sub missing",
        assertion(claims={"sub": None}),
        keeps_out("Missing claim: sub", identity_provider=None),
    ),
)

ROWS = (*REQUESTS, *CLIENTS, *PROVIDERS, *USERS)
