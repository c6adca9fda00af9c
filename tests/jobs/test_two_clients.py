"""Two clients of one issuer: single sign-on gives their logins one session (`sid`)."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.cache import cache as django_cache
from django.core.management import call_command
from django.test import Client

from kc_exchange.jobs.logins import opened
from kc_exchange.models import OfflineToken
from kc_exchange.tokens import unverified_claims
from tests.impersonation.realm_desk import log_in, token_set
from tests.jobs.test_offline import is_revoked, logged_out_at_keycloak
from tests.jobs.works import REALM, Works, tokens_kept
from tests.testing.test_login import CALLBACK, CHALLENGE, VERIFIER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.tokens import TokenSet

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = {"default": "django-app", "second": "second-app"}


class Browser(requests.Session):
    """A browser in which alice signs in to the realm once, for both clients."""

    def __init__(self, issuer: str) -> None:
        super().__init__()
        self.base = f"{issuer}/protocol/openid-connect"

    def tokens(self, alias: str) -> TokenSet:
        """Return what the client of `alias` gets for her, an offline token included."""
        client_id = CLIENTS[alias]
        asked = {
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid orders:read offline_access",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        reply = self.get(
            f"{self.base}/auth", params=asked, timeout=10, allow_redirects=False
        )
        if form := re.search(r'action="([^"]+)"', reply.text):
            reply = self.post(
                html.unescape(form[1]),
                data={"username": "alice", "password": "alice-password"},
                timeout=10,
                allow_redirects=False,
            )
        code = parse_qs(urlsplit(reply.headers["Location"]).query)["code"][0]
        body = self.post(
            f"{self.base}/token",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
            },
            auth=(client_id, "django-app-secret"),
            timeout=10,
        ).json()
        return token_set(body, alias)


@pytest.fixture
def both(works: Works, settings: Any) -> Iterator[dict[str, Works]]:
    """Give alice at both of the project's aliases, each in a session of its own."""
    raw = settings.KC_EXCHANGE
    second = {**raw["REALMS"]["default"], "CLIENT_ID": "second-app", "USERS": True}
    settings.KC_EXCHANGE = {**raw, "REALMS": {**raw["REALMS"], "second": second}}
    clients = works.keycloak.realm(REALM).clients
    clients["second-app"] = replace(clients["django-app"], client_id="second-app")
    browser = Browser(works.keycloak.issuer(REALM))
    found = {}
    for alias in CLIENTS:
        found[alias] = replace(works, client=Client())
        log_in(found[alias].client, works.user, browser.tokens(alias))
    yield found
    del clients["second-app"]


def refresh_token_of(works: Works) -> str:
    return str(tokens_kept(works.session()).refresh_token)


def is_over(works: Works, token: str) -> bool:
    """Whether no client can refresh it any more."""
    client_id = unverified_claims(token)["azp"]
    return is_revoked(works, token, client_id)


def test_two_clients__have_a_row_each(both: dict[str, Works]) -> None:
    """Each keeps the token of its own client, which alone can renew and revoke it."""
    for works in both.values():
        works.reference(offline="yes")
    sids = {unverified_claims(refresh_token_of(w))["sid"] for w in both.values()}
    assert len(sids) == 1

    kept = [opened(row) for row in OfflineToken.objects.all()]
    assert {
        login.realm: unverified_claims(login.refresh_token)["azp"]
        for login in kept
        if login is not None
    } == CLIENTS


def test_logout_of_one__leaves_the_others(both: dict[str, Works]) -> None:
    """Its token is revoked; that of the other client is not."""
    tokens = {alias: refresh_token_of(works) for alias, works in both.items()}
    for works in both.values():
        works.reference(offline="yes")

    both["second"].client.logout()

    assert OfflineToken.objects.count() == 1
    assert OfflineToken.ended.count() == 0
    assert is_over(both["second"], tokens["second"])
    assert not is_over(both["default"], tokens["default"])


def test_logout_at_keycloak__ends_those_of_both(both: dict[str, Works]) -> None:
    """Its back channel names the session, which both clients share."""
    tokens = {alias: refresh_token_of(works) for alias, works in both.items()}
    for works in both.values():
        works.reference(offline="yes")

    django_cache.clear()  # the logout token of another test had the same `jti`
    logged_out_at_keycloak(both["default"])

    assert OfflineToken.objects.count() == 0
    call_command("kc_exchange", "sweep")
    assert OfflineToken.ended.count() == 0
    for alias, works in both.items():
        assert is_over(works, tokens[alias])
