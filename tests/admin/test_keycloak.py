"""The start page where Keycloak has its say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from kc_exchange.models import ImpersonationGrant, KeycloakIdentity
from kc_exchange.tokens import TokenSet
from tests.admin.office import REASON, Type, new_office, staff
from tests.impersonation.realm_desk import keycloak
from tests.impersonation.realm_desk import log_in as keep_login

if TYPE_CHECKING:
    from kc_exchange.testing import EmbeddedKeycloak
    from tests.admin.office import Office

__all__ = ["keycloak"]
pytestmark = pytest.mark.django_db

REALM = "test"
TICKET = "KILN-4711"


def log_in(client: Client, user: Any, keycloak: EmbeddedKeycloak) -> None:
    """Log `user` in, with a token of theirs in the session."""
    token = keycloak.token(
        REALM, user.get_username(), client_id="django-app", scope="openid"
    )
    keep_login(client, user, TokenSet(access_token=token, expires_at=time.time() + 300))


@pytest.fixture
def office(keycloak: EmbeddedKeycloak, configure: Any, settings: Any) -> Office:
    """Give an office whose people Keycloak knows, and whose operator came from it."""
    configure(keycloak, None)
    made = new_office(settings)
    made.set(AT_KEYCLOAK="required", ORDINARY_ROLES=["customer"])
    (alice,) = [
        u for u in keycloak.realm(REALM).users.values() if u.username == "alice"
    ]
    KeycloakIdentity.objects.create(
        user=made.target, issuer=keycloak.issuer(REALM), subject=alice.id
    )
    made.client = Client()
    log_in(made.client, made.operator, keycloak)
    return made


def assert_refused(office: Office, response: Any, *told: str) -> None:
    """The page says why, keeps what was typed, and the attempt is in the record."""
    page = response.content.decode()
    for text in ('role="alert"', REASON, f'value="{TICKET}"', *told):
        assert text in page, text
    assert "eyJ" not in page
    assert len(office.denied()) == 1
    assert not ImpersonationGrant.objects.filter(ended_at=None).exists()
    assert office.whoami() in {"olga", "bob"}


def test_start__at_keycloak(office: Office, keycloak: EmbeddedKeycloak) -> None:
    """The target has a session there while it lasts, and none after it."""
    assert office.press_start().status_code == 302
    grant = ImpersonationGrant.objects.get()
    assert keycloak.sessions(REALM, "alice") == (grant.keycloak_sid,)

    office.client.post("/impersonation/end/")

    assert keycloak.sessions(REALM, "alice") == ()
    assert office.events(Type.TOKEN_REVOKED)


def test_start__not_switched_on(office: Office, keycloak: EmbeddedKeycloak) -> None:
    """The fix names the feature that Keycloak has to be started with."""
    keycloak.set_features()

    response = office.press_start(ticket=TICKET)

    assert response.status_code == 500
    assert_refused(office, response, "token-exchange")


def test_start__without_the_role(office: Office, keycloak: EmbeddedKeycloak) -> None:
    """An operator whom Keycloak does not let impersonate learns which role it is."""
    bob = staff("bob", "impersonate", "view_user")
    office.client = Client()
    log_in(office.client, bob, keycloak)

    response = office.press_start(ticket=TICKET)

    assert response.status_code == 403
    assert_refused(office, response, "impersonation", "Keycloak said")


def test_start__keycloak_is_away(office: Office, keycloak: EmbeddedKeycloak) -> None:
    keycloak.fail_next(status=503, times=9)

    response = office.press_start(ticket=TICKET)

    assert response.status_code == 503
    assert_refused(office, response, "then try again")


def test_start__target_is_not_known(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator is told whom to ask; the log, what they who are asked may do."""
    KeycloakIdentity.objects.all().delete()

    response = office.press_start(ticket=TICKET)

    assert response.status_code == 403
    told = ("they have never logged in here", "or ask an administrator.")
    assert_refused(office, response, *told)
    assert "KeycloakIdentity" not in response.content.decode()
    assert "Administrators: Make their KeycloakIdentity" in caplog.text


def test_start__target_has_more_roles(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """A role at Keycloak that the operator has not is named; the log has a setting."""
    office.set(ORDINARY_ROLES=[])

    response = office.press_start(ticket=TICKET)

    assert response.status_code == 403
    assert_refused(office, response, "customer", "or ask an administrator.")
    assert "KC_EXCHANGE" not in response.content.decode()
    assert "ORDINARY_ROLES of KC_EXCHANGE[" in caplog.text


def test_start__again_after_a_refusal(
    office: Office, keycloak: EmbeddedKeycloak
) -> None:
    """What was refused keeps nobody from the next attempt."""
    keycloak.set_features()
    office.press_start()
    keycloak.set_features("token-exchange")

    assert office.press_start().status_code == 302
    assert office.whoami() == "alice"
