"""The user-info endpoint, which tells its refusals in a header."""

from typing import Any

from tests.keycloak.clients import Nobody
from tests.keycloak.rows import Expect, Row
from tests.keycloak.servers import USER_IDS
from tests.keycloak.states import Ended, LoggedOut, Revoked, ShutOut
from tests.keycloak.steps import Bearer, Exchanged, Login, Service


def challenge(status: int, error: str, said: str) -> Expect:
    """A refusal that is told in the header alone."""
    told = f'Bearer realm="conformance", error="{error}", error_description="{said}"'
    return Expect(status, keys=frozenset(), headers={"WWW-Authenticate": told})


def userinfo(name: str, token: Any, expect: Expect) -> Row:
    """A row that asks who a token speaks of."""
    headers = () if token is None else (("Authorization", Bearer(token)),)
    return Row(
        name=f"userinfo: {name}",
        path="userinfo",
        form=(),
        client=Nobody(),
        headers=headers,
        expect=expect,
    )


NO_OPENID = challenge(403, "insufficient_scope", "Missing openid scope")

EVERYTHING = frozenset(
    {
        "sub",
        "preferred_username",
        "email",
        "email_verified",
        "name",
        "given_name",
        "family_name",
    }
)

ROWS = (
    userinfo(
        "a login",
        Login(),
        Expect(
            body={
                "sub": USER_IDS["alice"],
                "preferred_username": "alice",
                "email": "alice@conformance.example",
                "email_verified": True,
                "name": "Alice Archer",
                "given_name": "Alice",
                "family_name": "Archer",
            },
            keys=EVERYTHING,
        ),
    ),
    userinfo(
        "a lightweight login",
        Login(client="frontend-light"),
        challenge(
            401,
            "invalid_token",
            "Lightweight access token not allowed for userinfo endpoint",
        ),
    ),
    userinfo(
        "an exchanged token with openid",
        Exchanged(scope="openid orders"),
        Expect(body={"sub": USER_IDS["alice"], "name": "Alice Archer"}),
    ),
    userinfo(
        "an exchanged token without openid",
        Exchanged(),
        NO_OPENID,
    ),
    userinfo(
        "a login without openid",
        Login(scope=""),
        NO_OPENID,
    ),
    userinfo(
        "not a token",
        "nonsense",
        challenge(401, "invalid_token", "Token verification failed"),
    ),
    userinfo(
        "revoked",
        Revoked(Login()),
        challenge(401, "invalid_token", "Token verification failed"),
    ),
    userinfo(
        "logged out",
        LoggedOut(),
        challenge(401, "invalid_token", "user_session_not_found"),
    ),
    userinfo(
        "disabled user",
        ShutOut(),
        challenge(401, "invalid_token", "User disabled"),
    ),
    userinfo(
        "no token",
        None,
        Expect(401, headers={"WWW-Authenticate": 'Bearer realm="conformance"'}),
    ),
    userinfo(
        "logged out by an administrator",
        Ended(),
        challenge(401, "invalid_token", "user_session_not_found"),
    ),
    userinfo("a service account", Service(scope="openid"), Expect(200)),
)
