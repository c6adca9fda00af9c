"""Whatever Keycloak answers to an impersonation, it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kc_exchange.exceptions import UnexpectedReply
from tests.servers import grants, jwt_of, replies

if TYPE_CHECKING:
    from tests.exchange.desk import Desk
    from tests.servers import Act

MEMBERS: dict[str, tuple[Act, str]] = {
    "html": (replies("<html>Log in</html>", kind="text/html"), "text/html"),
    "empty": (replies(""), "not JSON"),
    "error-in-200": (replies('{"error": "access_denied"}'), "names an error"),
    "no-token": (grants(without=("access_token",)), "access_token is no token"),
    "opaque": (grants({"access_token": "opaque"}), "access_token is not a JWT"),
    "refresh-type": (
        grants({"issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}),
        "issued_token_type",
    ),
    "no-issued-type": (grants(without=("issued_token_type",)), "issued_token_type"),
    "dpop": (grants({"token_type": "DPoP"}), "token_type is not Bearer"),
    "n-a": (grants({"token_type": "N_A"}), "token_type is not Bearer"),
    "the-operator": (grants({}, {"sub": "olga"}), "sub is not the target's"),
    "somebody-else": (grants({}, {"sub": "mallory"}), "sub is not the target's"),
    "nobody": (grants({}, {"sub": None}), "sub is missing"),
    "list-of-users": (grants({}, {"sub": ["alice"]}), "sub is missing or malformed"),
    "other-client": (grants({}, {"azp": "shop"}), "azp is not django-app"),
    "other-issuer": (grants({}, {"iss": "https://evil.example"}), "iss is another"),
    "no-session": (grants({}, {"sid": None}), "sid is missing"),
    "empty-session": (grants({}, {"sid": ""}), "sid is missing"),
    "session-number": (grants({}, {"sid": 5}), "sid is missing or no text"),
    "operators-session": (
        grants({}, {"sid": "session-of-olga"}),
        "sid is the operator's own session",
    ),
    "no-id": (grants({}, {"jti": None}), "jti is missing"),
    "id-number": (grants({}, {"jti": 7}), "jti is missing or no text"),
    "expired": (grants({}, {"exp": 1_600_000_000}), "exp has passed"),
    "no-expiry": (grants({}, {"exp": None}), "exp is missing"),
    "expires-in-word": (grants({"expires_in": "soon"}), "expires_in"),
    "realm-roles-list": (grants({}, {"realm_access": []}), "realm_access"),
    "realm-roles-text": (
        grants({}, {"realm_access": {"roles": "staff"}}),
        "realm_access is malformed",
    ),
    "realm-roles-numbers": (
        grants({}, {"realm_access": {"roles": [1]}}),
        "realm_access is malformed",
    ),
    "client-roles-list": (grants({}, {"resource_access": []}), "resource_access"),
    "client-roles-null": (grants({}, {"resource_access": {"a": None}}), "malformed"),
    "id-token-number": (grants({"id_token": 5}), "id_token is not of"),
    "id-token-null": (grants({"id_token": None}), "id_token is not of"),
    "id-token-opaque": (grants({"id_token": "opaque"}), "id_token is not of"),
    "id-token-of-the-operator": (
        grants({"id_token": jwt_of(sub="olga", sid="session-of-olga")}),
        "id_token is not of",
    ),
    "id-token-of-another-session": (
        grants({"id_token": jwt_of(sub="alice", sid="another")}),
        "id_token is not of",
    ),
}


@pytest.mark.parametrize(("act", "says"), MEMBERS.values(), ids=MEMBERS)
def test_reply__is_wrong(desk: Desk, act: Act, says: str) -> None:
    """Anything but the target's token, in a session of its own, is thrown away."""
    desk.site.keycloak.acts = [act]

    assert says in desk.refuses(UnexpectedReply).cause
    assert len(desk.site.keycloak.asked) == 1


def test_reply__is_the_operators_token(desk: Desk) -> None:
    """Also where the operator and the target are one, or an id was dropped."""
    operator = desk.operator(sub="alice", jti="t")
    desk.site.keycloak.acts = [grants({"access_token": operator})]

    error = desk.refuses(UnexpectedReply, operator)

    assert "is the operator's own token" in error.cause


def test_reply__names_nobody(desk: Desk) -> None:
    """A lightweight token has no `sub`: it could be anybody's."""
    held = {"iss": desk.site.keycloak.issuer, "azp": "django-app", "sid": "s"}
    desk.site.keycloak.acts = [grants({"access_token": jwt_of(**held)})]

    error = desk.refuses(UnexpectedReply)

    assert "sub is missing" in error.cause
    assert "lightweight access tokens of client django-app" in error.fix
