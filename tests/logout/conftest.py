from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.test import Client

from kc_exchange import capture, downstream_session
from kc_exchange.context import using_subject_token
from kc_exchange.models import remember_identity
from tests.databases import postgresql
from tests.impersonation.realm_desk import REALM, log_in, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak
    from kc_exchange.tokens import TokenSet


@dataclass
class Shop:
    """A project whose people logged in through Keycloak."""

    keycloak: Any

    def person(self, name: str) -> Any:
        """Return the user of that name, known by their subject at Keycloak."""
        user = get_user_model().objects.create_user(name, password="first-password")
        users = self.keycloak.realm(REALM).users.values()
        subject = next(one.id for one in users if one.username == name)
        issuer = self.keycloak.issuer(REALM)
        remember_identity(user, issuer=issuer, subject=str(subject))
        return user

    def login(self, user: Any, client: Client | None = None) -> Client:
        """Return a browser in which the user has just logged in."""
        browser = client or Client()
        log_in(browser, user, tokens_of(self.keycloak, user.get_username()))
        return browser

    def is_kept(self, tokens: TokenSet) -> bool:
        """Whether a call as that login needs no new exchange."""
        before = len(self.keycloak.exchanges)
        with (
            using_subject_token(tokens.access_token),
            downstream_session("orders-api") as session,
        ):
            assert session.get("v1/orders").status_code == 200
        return len(self.keycloak.exchanges) == before


def kept(client: Client) -> TokenSet:
    """Return what lies in the browser's session."""
    request = HttpRequest()
    request.session = client.session
    found = capture.kept(request)
    assert found is not None
    return found


@pytest.fixture
def shop(
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    configure: Callable[..., None],
) -> Shop:
    configure(embedded_keycloak, kc_downstream)
    return Shop(embedded_keycloak)


__all__ = ["Shop", "kept", "postgresql", "shop"]
