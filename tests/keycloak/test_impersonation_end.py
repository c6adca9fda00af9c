"""The end of an impersonation, asked on the servers: revoked, and the session over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.exceptions import (
    ClientAuthFailed,
    ExchangeMisconfigured,
    SubjectTokenRejected,
)
from kc_exchange.exchange import end_session, exchange, impersonate, revoke
from kc_exchange.tokens import SubjectToken
from tests.keycloak.acting import BOB, as_bob, operator
from tests.keycloak.kinds import on
from tests.keycloak.states import Expired
from tests.keycloak.steps import Literal, Login
from tests.keycloak.test_our_client import ORDERS, realm
from tests.real_keycloak import LEGACY

if TYPE_CHECKING:
    from tests.keycloak.servers import Server

pytestmark = pytest.mark.usefixtures("without_bob")


@on(LEGACY)
def test_revoke__ends_the_exchange(keycloak: Server) -> None:
    """Hop two is refused from then on; the session itself is still there."""
    issued = as_bob(keycloak)
    exchange(issued.token, ORDERS, realm(keycloak))

    revoke(issued.token, realm(keycloak))
    revoke(issued.token, realm(keycloak))

    with pytest.raises(SubjectTokenRejected):
        exchange(issued.token, ORDERS, realm(keycloak))
    assert keycloak.admin.sessions("bob") == {issued.session_id}


@on(LEGACY)
@pytest.mark.parametrize("first", ["revoke", "end_session"])
def test_end_session__leaves_nothing(keycloak: Server, first: str) -> None:
    """In either order: no session, and what was exchanged before is inactive."""
    here = realm(keycloak)
    issued = as_bob(keycloak)
    token = exchange(issued.token, ORDERS, here).value
    assert introspected(keycloak, token)["act"] == {"sub": "olga"}

    if first == "revoke":
        revoke(issued.token, here)
    for _ in range(2):
        end_session(issued.id_token, here)
    revoke(issued.token, here)

    assert keycloak.admin.sessions("bob") == set()
    assert introspected(keycloak, token) == {"active": False}
    with pytest.raises(SubjectTokenRejected):
        exchange(issued.token, ORDERS, here)


@on(LEGACY)
def test_end_session__spares_the_targets_own(keycloak: Server) -> None:
    """Bob, who is logged in himself, stays so; the operator, too."""
    own = keycloak.claims(Login(user="bob").obtain(keycloak))["sid"]
    mine = operator(keycloak)
    issued = impersonate(mine, BOB, realm(keycloak))

    revoke(issued.token, realm(keycloak))
    end_session(issued.id_token, realm(keycloak))

    assert keycloak.admin.sessions("bob") == {own}
    assert impersonate(mine, BOB, realm(keycloak)).subject == BOB


@on(LEGACY)
def test_end__long_after(keycloak: Server) -> None:
    """What expired unattended is still revoked, and its session still ended."""
    short = realm(keycloak, "short-app")
    issued = impersonate(operator(keycloak), BOB, short)

    Expired(Literal(issued.token.value)).obtain(keycloak)
    revoke(issued.token, short)
    end_session(issued.id_token, short)

    assert keycloak.admin.sessions("bob") == set()


def test_revoke__another_clients_token(keycloak: Server) -> None:
    """Only the client that a token was issued to can take it back."""
    with pytest.raises(ExchangeMisconfigured, match="another client than django-app"):
        revoke(operator(keycloak), realm(keycloak))


def test_revoke__wrong_secret(keycloak: Server) -> None:
    """The message names the client, and neither secret nor token."""
    token = operator(keycloak, client="django-app")

    with pytest.raises(ClientAuthFailed, match="django-app") as caught:
        revoke(token, realm(keycloak, client_secret="not-the-secret"))

    assert "not-the-secret" not in str(caught.value)
    assert token.value not in str(caught.value)


def test_revoke__not_a_token(keycloak: Server) -> None:
    """Keycloak does not tell it from one that is over."""
    revoke(SubjectToken(value="nonsense"), realm(keycloak))


@pytest.mark.parametrize("hint", ["nonsense", "an access token", "another client's"])
def test_end_session__refused(keycloak: Server, hint: str) -> None:
    """A hint that is no ID token of this client ends nothing."""
    part = "access_token" if hint == "an access token" else "id_token"
    login = Login(user="bob", part=part)
    value = "nonsense" if hint == "nonsense" else login.obtain(keycloak)
    sessions = keycloak.admin.sessions("bob")

    with pytest.raises(ExchangeMisconfigured, match="does not end the session") as no:
        end_session(value, realm(keycloak))

    assert no.value.status == 400
    assert value not in str(no.value)
    assert keycloak.admin.sessions("bob") == sessions


def introspected(keycloak: Server, token: str) -> dict[str, Any]:
    """What Keycloak tells orders-api of a token."""
    secret = {"client_id": "orders-api", "client_secret": "orders-api-secret"}
    reply = keycloak.post("token/introspect", {"token": token, **secret})
    return dict(reply.json())
