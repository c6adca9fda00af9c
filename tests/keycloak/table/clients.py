"""Client authentication, right and wrong."""

from tests.keycloak.clients import Basic, Nobody, Post, Public, Signed
from tests.keycloak.rows import Expect, Row, exchange_form, refused
from tests.keycloak.servers import JWT_BEARER

SAID = "Invalid client or Invalid client credentials"
WRONG_SECRET = refused(401, "unauthorized_client", SAID)
UNKNOWN = refused(401, "invalid_client", SAID)


def bad_assertion(said: str | None = None) -> Expect:
    """The refusal of a client assertion, which Keycloak explains at length."""
    return refused(400, "invalid_client", said)


SERVICE = (("grant_type", "client_credentials"),)

ROWS = (
    Row(
        name="client: Basic, wrong secret",
        form=exchange_form(),
        client=Basic("django-app", "wrong"),
        expect=WRONG_SECRET,
    ),
    Row(
        name="client: form, wrong secret",
        form=exchange_form(),
        client=Post("django-app", "wrong"),
        expect=WRONG_SECRET,
    ),
    Row(
        name="client: Basic, empty secret",
        form=exchange_form(),
        client=Basic("django-app", ""),
        expect=WRONG_SECRET,
    ),
    Row(
        name="client: confidential, no secret",
        form=exchange_form(),
        client=Public("django-app"),
        expect=WRONG_SECRET,
    ),
    Row(
        name="client: Basic, unknown",
        form=exchange_form(),
        client=Basic("nobody-app"),
        expect=UNKNOWN,
    ),
    Row(
        name="client: form, unknown",
        form=exchange_form(),
        client=Post("nobody-app"),
        expect=UNKNOWN,
    ),
    Row(
        name="client: disabled",
        form=exchange_form(),
        client=Basic("closed-app"),
        expect=UNKNOWN,
    ),
    Row(
        name="client: bearer-only",
        form=SERVICE,
        client=Basic("bearer-app"),
        expect=refused(400, "invalid_client", "Bearer-only not allowed"),
    ),
    Row(
        name="client: nobody",
        form=exchange_form(),
        client=Nobody(),
        expect=UNKNOWN,
    ),
    Row(
        name="client: Basic and form disagree",
        form=(*SERVICE, ("client_id", "frontend")),
        client=Basic("django-app"),
        expect=WRONG_SECRET,
    ),
    Row(
        name="client: the wrong one does not learn whether its token was good",
        form=exchange_form("nonsense"),
        client=Basic("django-app", "wrong"),
        expect=WRONG_SECRET,
    ),
    Row(
        name="client: grant_type is missed before the secret",
        form=exchange_form(without=("grant_type",)),
        client=Basic("django-app", "wrong"),
        expect=refused(400, "invalid_request", "Missing form parameter: grant_type"),
    ),
    Row(
        name="assertion: for the issuer",
        form=SERVICE,
        client=Signed(),
        expect=Expect(claims={"azp": "signed-app"}),
    ),
    Row(
        name="assertion: for the token endpoint",
        form=SERVICE,
        client=Signed(audience="{token}"),
        expect=Expect(claims={"azp": "signed-app"}),
    ),
    *(
        Row(name=f"assertion: {what}", form=SERVICE, client=client, expect=expect)
        for what, client, expect in (
            (
                "for somebody else",
                Signed(audience="https://x.example"),
                bad_assertion("Invalid token audience"),
            ),
            ("expired", Signed(lifetime=-60), bad_assertion("Token is not active")),
            (
                "a forged signature",
                Signed(forged=True),
                bad_assertion(
                    "Client authentication with signed JWT failed: "
                    "Signature on JWT token failed validation"
                ),
            ),
            ("of another subject", Signed(claims={"sub": "frontend"}), UNKNOWN),
            (
                "without expiry",
                Signed(claims={"exp": None}),
                bad_assertion("Token exp claim is required"),
            ),
            (
                "unfit algorithm",
                Signed(algorithm="RS384"),
                bad_assertion("Invalid signature algorithm"),
            ),
        )
    ),
    Row(
        name="assertion: not a token",
        form=(
            *SERVICE,
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", "nonsense"),
        ),
        client=Public("signed-app"),
        expect=bad_assertion(),
    ),
    Row(
        name="assertion: a client that must sign sends a secret",
        form=SERVICE,
        client=Post("signed-app", "signed-app-secret"),
        expect=bad_assertion("Parameter client_assertion_type is missing"),
    ),
    Row(
        name="assertion: a client that has a secret signs",
        form=SERVICE,
        client=Signed("django-app"),
        expect=WRONG_SECRET,
    ),
)
