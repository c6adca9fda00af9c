"""Our own impersonation, asked on the servers: hop one and hop two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kc_exchange.exceptions import (
    ClientAuthFailed,
    ExchangeDenied,
    ExchangeError,
    ExchangeMisconfigured,
    SubjectTokenRejected,
    UnexpectedReply,
)
from kc_exchange.exchange import end_session, exchange, impersonate, revoke
from kc_exchange.tokens import SubjectToken
from tests.keycloak.acting import BOB, as_bob, operator
from tests.keycloak.kinds import on
from tests.keycloak.servers import FOLDER, USER_IDS
from tests.keycloak.steps import revoke as take_back
from tests.keycloak.test_our_client import ORDERS, realm
from tests.real_keycloak import LEGACY, STANDARD

if TYPE_CHECKING:
    from tests.keycloak.servers import Server

pytestmark = pytest.mark.usefixtures("without_bob")


@on(LEGACY)
def test_impersonate__gives_the_targets_token(keycloak: Server) -> None:
    """The token is Bob's, in a session of his own that was not there before."""
    issued = as_bob(keycloak)

    claims = keycloak.claims(issued.token.value)
    assert (claims["sub"], claims["azp"]) == (BOB, "django-app")
    assert (issued.subject, issued.session_id) == (BOB, claims["sid"])
    assert (issued.token_id, issued.expires_at) == (claims["jti"], claims["exp"])
    assert issued.token.expires_at == issued.expires_at
    assert {"customer", "account/view-profile"} <= issued.roles
    assert keycloak.admin.sessions("bob") == {issued.session_id}


@on(LEGACY)
def test_impersonate__keycloak_names_the_operator(keycloak: Server) -> None:
    """Keycloak's own event says who acts as whom, and with which token."""
    issued = as_bob(keycloak)

    told = {
        "impersonator": "olga",
        "requested_subject": BOB,
        "token_id": issued.token_id,
        "reason": None,
    }
    assert told.items() <= keycloak.admin.last_exchange().items()


@on(LEGACY)
def test_impersonate__then_exchange(keycloak: Server) -> None:
    """The second hop is an ordinary exchange: Bob's, for one service alone."""
    issued = as_bob(keycloak)

    claims = keycloak.claims(exchange(issued.token, ORDERS, realm(keycloak)).value)

    assert (claims["sub"], claims["aud"]) == (BOB, "orders-api")
    assert claims["sid"] == issued.session_id
    assert "act" not in claims


@on(LEGACY)
@pytest.mark.parametrize("login", ["frontend", "frontend-light", "django-app"])
def test_impersonate__whoever_logged_the_operator_in(
    keycloak: Server, login: str
) -> None:
    """Full or lightweight, another client's or the requester's own."""
    issued = impersonate(operator(keycloak, client=login), BOB, realm(keycloak))

    assert issued.subject == BOB


@on(LEGACY)
def test_impersonate__by_a_dedicated_client(keycloak: Server) -> None:
    """Another client than the one that serves the site may do it all, with a key."""
    dedicated = realm(
        keycloak,
        "signed-app",
        client_auth="private_key_jwt",
        private_key=(FOLDER / "signed-app-key.pem").read_text(),
    )

    issued = impersonate(operator(keycloak), BOB, dedicated)
    token = exchange(issued.token, ORDERS, dedicated)
    revoke(issued.token, dedicated)
    end_session(issued.id_token, dedicated)

    assert keycloak.claims(token.value)["azp"] == "signed-app"
    assert keycloak.admin.sessions("bob") == set()


@on(LEGACY)
def test_impersonate__offline_operator(keycloak: Server) -> None:
    """An offline scope of the operator's own is not carried over: hop two works."""
    mine = operator(keycloak, client="django-app", scope="openid offline_access")

    issued = impersonate(mine, BOB, realm(keycloak))

    assert exchange(issued.token, ORDERS, realm(keycloak)).value


@on(LEGACY)
def test_impersonate__operator_without_openid(keycloak: Server) -> None:
    """There is no ID token then, and the session waits for its idle limit."""
    mine = operator(keycloak, scope="profile")

    issued = impersonate(mine, BOB, realm(keycloak))

    assert issued.id_token == ""
    assert exchange(issued.token, ORDERS, realm(keycloak)).value


@on(LEGACY)
@pytest.mark.parametrize(
    ("user", "target", "client", "kind", "cause", "fix"),
    [
        (
            "alice",
            BOB,
            "django-app",
            ExchangeDenied,
            "no role realm-management/impersonation",
            "give the operator the client role impersonation of realm-management",
        ),
        (
            "olga",
            USER_IDS["ada"],
            "django-app",
            ExchangeDenied,
            "an administrator",
            "without roles of realm-management",
        ),
        (
            "olga",
            USER_IDS["ned"],
            "django-app",
            ExchangeDenied,
            "disabled",
            "look at the user: enabled",
        ),
        ("olga", "nobody", "django-app", ExchangeDenied, "unknown to the realm", ""),
        (
            "olga",
            BOB,
            "stranger-app",
            ExchangeMisconfigured,
            "operator's token is not meant for stranger-app",
            "audience mapper for stranger-app",
        ),
        (
            "olga",
            BOB,
            "consent-app",
            ExchangeMisconfigured,
            "consent-app asks its users for consent",
            "Consent required: switch it off",
        ),
        (
            "olga",
            BOB,
            "lightweight-app",
            UnexpectedReply,
            "sub is missing",
            "Switch off lightweight access tokens of client lightweight-app",
        ),
        (
            "olga",
            "bob",
            "django-app",
            UnexpectedReply,
            "sub is not the target's",
            "id for a username",
        ),
        ("olga", BOB, "unknown-app", ClientAuthFailed, "credential", "Credentials"),
        ("olga", "", "django-app", ExchangeMisconfigured, "no user id", "logged in"),
        ("olga", "x" * 4001, "django-app", ExchangeMisconfigured, "ignores", "UUID"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_impersonate__refused(
    keycloak: Server,
    user: str,
    target: str,
    client: str,
    kind: type[ExchangeError],
    cause: str,
    fix: str,
) -> None:
    """Each refusal says cause and fix, and no token."""
    mine = operator(keycloak, user)

    with pytest.raises(kind) as caught:
        impersonate(mine, target, realm(keycloak, client))

    assert type(caught.value) is kind
    assert cause in caught.value.cause
    assert fix in caught.value.fix
    assert mine.value not in str(caught.value)


@on(LEGACY)
@pytest.mark.parametrize("what", ["forged", "revoked", "logged out"])
def test_impersonate__operators_token_is_over(keycloak: Server, what: str) -> None:
    """It is for the operator to renew."""
    value = operator(keycloak).value
    if what == "forged":
        value = value[:-8] + "AAAAAAAA"
    elif what == "revoked":
        take_back(keycloak, value, "frontend")
    else:
        keycloak.admin.end_sessions("olga")

    with pytest.raises(SubjectTokenRejected):
        impersonate(SubjectToken(value=value), BOB, realm(keycloak))
    assert keycloak.admin.sessions("bob") == set()


@on(STANDARD)
def test_impersonate__feature_is_off(keycloak: Server) -> None:
    """A server without legacy exchange is said to be one, with the two ways out."""
    with pytest.raises(ExchangeMisconfigured, match="legacy token exchange") as caught:
        as_bob(keycloak)

    assert "--features=token-exchange" in caught.value.fix
    assert 'AT_KEYCLOAK in KC_EXCHANGE["IMPERSONATION"] to "never"' in caught.value.fix


@on(LEGACY)
def test_impersonate__ends_the_session_of_a_reply_it_does_not_take(
    keycloak: Server,
) -> None:
    """Keycloak takes a username, too, and has begun a session by then."""
    with pytest.raises(UnexpectedReply, match="sub is not the target's"):
        impersonate(operator(keycloak), "bob", realm(keycloak))

    assert keycloak.admin.sessions("bob") == set()
