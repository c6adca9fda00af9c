"""What an exchange of a provider's token leaves behind in the realm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.keycloak.brokering import GATEWAY, FromProvider, external_form
from tests.keycloak.external import External, Newcomer
from tests.keycloak.kinds import on
from tests.keycloak.realms import BROKER
from tests.keycloak.rows import Expect, Row
from tests.keycloak.servers import ID_TOKEN
from tests.real_keycloak import PERMISSIONS

if TYPE_CHECKING:
    from tests.keycloak.servers import Server

pytestmark = on(PERMISSIONS)


@pytest.fixture
def broker(keycloak: Server) -> Server:
    """The server's face for the realm that has identity providers."""
    return keycloak.of(BROKER)


def newcomer(broker: Server) -> tuple[str, str]:
    """A name that nobody has, and a token of that person."""
    token = Newcomer().obtain(broker)
    return token.removeprefix("opaque-"), token


def asked(broker: Server, token: str, **changes: Any) -> tuple[int, dict[str, Any]]:
    """Status and body of the reply to the gateway."""
    form = external_form(token, **changes)
    row = Row(name="", form=form, expect=Expect(), client=GATEWAY)
    _, reply = row.ask(broker)
    return reply.status_code, reply.json()


def test_exchange__finds_again_whom_it_has_made(broker: Server) -> None:
    """By user info first, and by signature after that: it is one user."""
    name, token = newcomer(broker)
    first = broker.claims(FromProvider(token).obtain(broker))

    signed = FromProvider(External(name), kind=ID_TOKEN).obtain(broker)

    assert broker.claims(signed)["sub"] == first["sub"]
    assert first["preferred_username"] == name


def test_exchange__begins_a_session_each_time(broker: Server) -> None:
    """Nobody ends them but their idle limit."""
    name, token = newcomer(broker)
    sessions = {broker.claims(FromProvider(token).obtain(broker))["sid"] for _ in "abc"}

    assert len(sessions) == 3
    assert broker.admin.sessions(name) == sessions


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"audience": "vault-api"}, 403), ({"requested_token_type": ID_TOKEN}, 400)],
)
def test_exchange__leaves_user_and_session_behind_when_it_is_refused(
    broker: Server, changes: dict[str, str], status: int
) -> None:
    """What is refused after the token was taken has made both already."""
    name, token = newcomer(broker)

    assert asked(broker, token, **changes)[0] == status

    assert len(broker.admin.sessions(name)) == 1


def test_exchange__spares_the_realm_what_it_does_not_take(broker: Server) -> None:
    """A client without permission makes no user, whatever it sends."""
    name, token = newcomer(broker)
    row = Row(
        name="",
        form=external_form(token, subject_issuer="stub-unlisted"),
        expect=Expect(),
        client=GATEWAY,
    )

    _, reply = row.ask(broker)

    assert reply.status_code == 403
    with pytest.raises((LookupError, IndexError)):
        broker.admin.sessions(name)
