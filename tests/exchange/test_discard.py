"""What a reply began that is not used is ended, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, exchange
from kc_exchange.exceptions import UnexpectedReply
from kc_exchange.tokens import SubjectToken
from tests.servers import assert_tells_nothing, grants, jwt_of, replies
from tests.servers.site import SECRET

if TYPE_CHECKING:
    from tests.exchange.desk import Desk
    from tests.servers import Act

DONE = replies("", kind="")
TOKEN, REVOKE, LOGOUT = (
    f"/realms/shop/{name}" for name in ("token", "revoke", "logout")
)


@pytest.fixture
def ending(desk: Desk) -> Desk:
    """Give an operator whose Keycloak revokes, and ends sessions."""
    issuer = desk.site.keycloak.issuer
    desk.site.keycloak.discovery = {
        "revocation_endpoint": f"{issuer}/revoke",
        "end_session_endpoint": f"{issuer}/logout",
    }
    desk.site.deadline = 1.0
    return desk


def claims(desk: Desk, **more: Any) -> dict[str, Any]:
    """Of somebody whom nobody asked for."""
    own = {"iss": desk.site.keycloak.issuer, "azp": "django-app", "sub": "mallory"}
    return own | {"sid": "session-of-mallory"} | more


def answer(desk: Desk, **more: Any) -> Act:
    """Grant a token and an ID token with these claims."""
    held = claims(desk, **more)
    return grants({"id_token": jwt_of(**held)}, held)


def paths(desk: Desk) -> list[str]:
    return [seen.path for seen in desk.site.keycloak.asked]


def test_impersonate__ends_what_it_does_not_take(ending: Desk) -> None:
    """The token is revoked, and the session ended by its ID token."""
    ending.site.keycloak.acts = [answer(ending), DONE, DONE]

    ending.refuses(UnexpectedReply)

    assert paths(ending) == [TOKEN, REVOKE, LOGOUT]
    _, revoked, ended = ending.site.keycloak.asked
    assert revoked.form["token"].count(".") == 2
    assert ended.form["id_token_hint"] == jwt_of(**claims(ending))


def test_broker__ends_what_it_does_not_take(ending: Desk) -> None:
    """A token of a provider may have begun a session as well."""
    ending.site.keycloak.acts = [answer(ending, exp=1_600_000_000), DONE, DONE]
    ending.site.configure()

    with pytest.raises(UnexpectedReply, match="exp has passed"):
        exchange.broker(
            SubjectToken(value="opaque"), "github", conf.current().realm("default")
        )

    assert paths(ending) == [TOKEN, REVOKE, LOGOUT]


@pytest.mark.parametrize(
    "more",
    [
        {"sid": "session-of-olga"},
        {"sid": None},
        {"sid": ["session"]},
        {"azp": "another-app"},
        {"iss": "https://another.example/realms/shop"},
    ],
    ids=["operators-session", "no-session", "list", "another-client", "issuer"],
)
def test_impersonate__leaves_what_is_not_its_own(
    ending: Desk, more: dict[str, Any]
) -> None:
    """Above all the session of the operator."""
    ending.site.keycloak.acts = [answer(ending, **more)]

    ending.refuses(UnexpectedReply)

    assert paths(ending) == [TOKEN]


def test_impersonate__says_what_it_could_not_end(ending: Desk) -> None:
    """One failure does not keep it from the rest; the error stays the first one."""
    failed = replies("", 500)
    ending.site.keycloak.acts = [answer(ending), failed, failed]

    error = ending.refuses(UnexpectedReply)

    assert "sub is not the target's" in error.cause
    assert paths(ending) == [TOKEN, REVOKE, LOGOUT]
    log = ending.site.log.text
    assert log.count("kc_exchange.discard_failed realm=default") == 2
    assert_tells_nothing(error, log, jwt_of(**claims(ending)), SECRET)
