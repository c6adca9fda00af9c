"""The other grants: password, client credentials, authorization code."""

from tests.keycloak.clients import Basic, Post, Public
from tests.keycloak.rows import Expect, Form, Row, refused
from tests.keycloak.servers import USER_IDS

LOGIN_KEYS = frozenset(
    {
        "access_token",
        "expires_in",
        "refresh_expires_in",
        "refresh_token",
        "token_type",
        "not-before-policy",
        "session_state",
        "scope",
    }
)


def password(username: str = "alice", secret: str | None = None, **more: str) -> Form:
    """A request of the password grant."""
    return (
        ("grant_type", "password"),
        ("username", username),
        ("password", f"{username}-demo" if secret is None else secret),
        *more.items(),
    )


def service(**more: str) -> Form:
    """A request of the client credentials grant."""
    return (("grant_type", "client_credentials"), *more.items())


def code(value: str | None, redirect_uri: str = "http://127.0.0.1/callback") -> Form:
    """A request of the authorization code grant."""
    form: Form = (
        ("grant_type", "authorization_code"),
        ("redirect_uri", redirect_uri),
    )
    return form if value is None else (*form, ("code", value))


ROWS = (
    Row(
        name="password: a login",
        form=password(),
        client=Basic("frontend"),
        expect=Expect(
            body={"token_type": "Bearer", "scope": {"profile", "email"}},
            keys=LOGIN_KEYS,
            claims={"sub": USER_IDS["alice"], "azp": "frontend", "typ": "Bearer"},
            present=frozenset({"sid", "jti", "acr", "realm_access"}),
            absent=frozenset({"act", "auth_time"}),
        ),
    ),
    Row(
        name="password: openid adds an ID token",
        form=password(scope="openid"),
        client=Basic("frontend"),
        expect=Expect(
            body={"scope": {"openid", "profile", "email"}},
            keys=LOGIN_KEYS | {"id_token"},
        ),
    ),
    Row(
        name="password: a default scope adds its audience",
        form=password(),
        client=Basic("django-app"),
        expect=Expect(claims={"aud": {"account", "shipping-api"}}),
    ),
    Row(
        name="password: a lightweight token says little",
        form=password(),
        client=Basic("frontend-light"),
        expect=Expect(
            claims={"azp": "frontend-light", "aud": "django-app"},
            absent=frozenset(
                {"sub", "email", "realm_access", "preferred_username", "name"}
            ),
            present=frozenset({"sid", "jti", "exp", "iat", "scope"}),
        ),
    ),
    Row(
        name="password: the user's name in capitals",
        form=password("ALICE", "alice-demo"),
        client=Basic("frontend"),
        expect=Expect(claims={"sub": USER_IDS["alice"]}),
    ),
    Row(
        name="password: the e-mail address as the name",
        form=password("alice@conformance.example", "alice-demo"),
        client=Basic("frontend"),
        expect=Expect(claims={"sub": USER_IDS["alice"]}),
    ),
    *(
        Row(
            name=f"password: {what}", form=form, client=Basic("frontend"), expect=expect
        )
        for what, form, expect in (
            (
                "wrong",
                password(secret="wrong"),
                refused(400, "invalid_grant", "Invalid user credentials"),
            ),
            (
                "unknown user",
                password("nobody"),
                refused(400, "invalid_grant", "Invalid user credentials"),
            ),
            (
                "no username",
                (("grant_type", "password"), ("password", "x")),
                refused(401, "invalid_request", "Missing parameter: username"),
            ),
            (
                "no password",
                (("grant_type", "password"), ("username", "alice")),
                refused(400, "invalid_grant", "Invalid user credentials"),
            ),
            (
                "disabled user",
                password("ned"),
                refused(400, "invalid_grant", "Account disabled"),
            ),
            (
                "user who must act first",
                password("uma"),
                refused(400, "invalid_grant", "Account is not fully set up"),
            ),
            (
                "unknown scope",
                password(scope="nonsense"),
                refused(400, "invalid_scope", "Invalid scopes: nonsense"),
            ),
        )
    ),
    Row(
        name="password: client without the grant",
        form=password(),
        client=Basic("orders-api"),
        expect=refused(
            400, "unauthorized_client", "Client not allowed for direct access grants"
        ),
    ),
    Row(
        name="client credentials: a token without a session",
        form=service(),
        client=Basic("django-app"),
        expect=Expect(
            body={"token_type": "Bearer", "expires_in": 300, "refresh_expires_in": 0},
            keys=LOGIN_KEYS - {"refresh_token", "session_state"},
            claims={
                "azp": "django-app",
                "client_id": "django-app",
                "preferred_username": "service-account-django-app",
            },
            present=frozenset({"sub"}),
            absent=frozenset({"sid", "act"}),
        ),
    ),
    Row(
        name="client credentials: an optional scope adds its audience",
        form=service(scope="orders"),
        client=Basic("django-app"),
        expect=Expect(claims={"aud": {"orders-api", "shipping-api", "account"}}),
    ),
    Row(
        name="client credentials: secret in the form",
        form=service(),
        client=Post("django-app"),
        expect=Expect(claims={"azp": "django-app"}),
    ),
    Row(
        name="client credentials: unknown scope",
        form=service(scope="nonsense"),
        expect=refused(400, "invalid_scope", "Invalid scopes: nonsense"),
    ),
    Row(
        name="client credentials: no service account",
        form=service(),
        client=Basic("stranger-app"),
        expect=refused(
            401, "unauthorized_client", "Client not enabled to retrieve service account"
        ),
    ),
    Row(
        name="client credentials: public client",
        form=service(),
        client=Public("frontend-public"),
        expect=refused(
            401,
            "unauthorized_client",
            "Public client not allowed to retrieve service account",
        ),
    ),
    Row(
        name="code: unknown",
        form=code("nonsense"),
        expect=refused(400, "invalid_grant", "Code not valid"),
    ),
    Row(
        name="code: shaped like one",
        form=code(".".join(["6f1f4d8e-0a35-4f3e-9a51-0a6a2f0d0c11"] * 3)),
        expect=refused(400, "invalid_grant", "Code not valid"),
    ),
    Row(
        name="code: none",
        form=code(None),
        expect=refused(400, "invalid_request", "Missing parameter: code"),
    ),
    Row(
        name="code: client without the flow",
        form=code("nonsense"),
        client=Basic("orders-api"),
        expect=refused(400, "invalid_grant", "Code not valid"),
    ),
)
