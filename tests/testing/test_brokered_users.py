"""The users that are made of identities from a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak
from tests.testing.brokers import FEATURES, Desk, home, partner, provider
from tests.testing.test_controls import claims

if TYPE_CHECKING:
    from collections.abc import Iterator

PERSON = {"sub": "p-1", "preferred_username": "pia", "email": "pia@example.com"}


@pytest.fixture
def there() -> Iterator[DownstreamRecorder]:
    """An identity provider that says what it is told to say."""
    with DownstreamRecorder() as recorder:
        yield recorder


@pytest.mark.parametrize(
    ("realm", "name"),
    [({}, "pia"), ({"registrationEmailAsUsername": True}, "pia@example.com")],
)
def test_users__are_named_as_the_realm_wants(
    there: DownstreamRecorder, realm: dict[str, Any], name: str
) -> None:
    """After the provider's name, or after the e-mail address."""
    asking = provider(config={"userInfoUrl": there.url})
    documents = home(asking, **realm), partner()
    with (
        EmbeddedKeycloak(*documents, features=FEATURES) as keycloak,
        requests.Session() as http,
    ):
        http.trust_env = False
        keycloak.allow_exchange("home", "gateway", subject_issuer="partner")
        there.answer_next(body=PERSON)
        token = Desk(keycloak, http).exchange("opaque").json()["access_token"]
    assert claims(token)["preferred_username"] == name


@pytest.mark.parametrize(("duplicates", "status"), [(False, 400), (True, 200)])
def test_users__share_an_address_where_they_may(
    there: DownstreamRecorder, duplicates: bool, status: int
) -> None:
    """Another user's e-mail address is taken, unless the realm allows it twice."""
    asking = provider(config={"userInfoUrl": there.url})
    document = home(asking, duplicateEmailsAllowed=duplicates)
    with (
        EmbeddedKeycloak(document, partner(), features=FEATURES) as keycloak,
        requests.Session() as http,
    ):
        http.trust_env = False
        keycloak.allow_exchange("home", "gateway", subject_issuer="partner")
        there.answer_next(body=PERSON | {"email": "Nora@example.com"})
        reply = Desk(keycloak, http).exchange("opaque")
    assert reply.status_code == status
