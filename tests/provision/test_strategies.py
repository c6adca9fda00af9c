"""A provisioned Keycloak can do it: every strategy, with no click in the console.

Whether `--apply` made the realms, or the server imported what `--export` wrote.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import downstream_session, exchange, exchange_external
from kc_exchange.context import bind, using_subject_token
from kc_exchange.sources import FixedSubject
from kc_exchange.tokens import ID_TOKEN, SubjectToken, unverified_claims
from tests.provision.commands import Command
from tests.provision.company import ALICE, SECRET
from tests.provision.kinds import on
from tests.provision.person import log_in_through
from tests.provision.provider import OPAQUE
from tests.real_keycloak import LEGACY, PERMISSIONS, STANDARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.provision.company import Company
    from tests.provision.provider import Provider
    from tests.provision.real import Keycloak


pytestmark = pytest.mark.usefixtures("realms")


@pytest.fixture(scope="module", params=["applied", "imported"])
def realms(
    request: pytest.FixtureRequest,
    keycloak: Keycloak,
    company: Company,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """The company's realms, made in one way or the other."""
    command = Command(company, keycloak.environment)
    folder = tmp_path_factory.mktemp("exported")
    with keycloak.without(company.names.values()):
        if request.param == "applied":
            command.apply()
        else:
            command.run("--export", folder, "--with-secrets")
            for path in folder.iterdir():
                keycloak.call("POST", "", json.loads(path.read_text()))
        yield


def login(keycloak: Keycloak, company: Company, alias: str, user: str) -> str:
    """The access token of a person."""
    realm = company.names[alias]
    return str(keycloak.tokens(realm, user, f"app-{SECRET}")["access_token"])


def sent(company: Company, downstream: str) -> dict[str, Any]:
    """The claims of the token that a downstream is sent for whoever is bound."""
    assert company.recorder is not None
    with downstream_session(downstream) as session:
        assert session.get("").status_code == 200
    return unverified_claims(company.recorder.tokens[-1])


@on(STANDARD, LEGACY, PERMISSIONS)
def test_exchange__and_service_account(keycloak: Keycloak, company: Company) -> None:
    token = login(keycloak, company, "acme", "alice")

    with company.in_use(), using_subject_token(token):
        orders = sent(company, "orders-api")
        plain = sent(company, "plain-api")
        reports = sent(company, "reports-api")

    assert (orders["sub"], orders["aud"], orders["azp"]) == (ALICE, "orders-api", "app")
    assert "orders:read" in orders["scope"].split()
    assert plain["aud"] == "plain-api"
    assert reports["preferred_username"] == "service-account-app"
    assert "reports-api" in reports["aud"]


@on(STANDARD)
def test_exchange__of_another_tenant(keycloak: Keycloak, company: Company) -> None:
    """A downstream without REALM is reached by users of each realm with hosts."""
    token = login(keycloak, company, "globex", "bob")

    with company.in_use(), using_subject_token(token, realm="globex"):
        claims = sent(company, "orders-api")

    assert claims["iss"].endswith("-globex")
    assert claims["aud"] == "orders-api"


@on(LEGACY, PERMISSIONS)
def test_impersonation__in_two_hops(keycloak: Keycloak, company: Company) -> None:
    """The operator has a role of the realm alone, and it brings all that is needed."""
    operator = SubjectToken(value=login(keycloak, company, "acme", "olga"))

    with company.in_use():
        support = company.settings.realm("support")
        first = exchange.impersonate(operator, ALICE, support)
        with bind(FixedSubject(first.token)):
            claims = sent(company, "orders-api")

    assert (claims["sub"], claims["azp"]) == (ALICE, "app-support")
    assert claims["aud"] == "orders-api"
    assert claims["exp"] - claims["iat"] == 60


@on(LEGACY)
def test_impersonation__is_for_operators(keycloak: Keycloak, company: Company) -> None:
    """Nobody else's token names the client that impersonates."""
    mine = unverified_claims(login(keycloak, company, "acme", "alice"))
    theirs = unverified_claims(login(keycloak, company, "acme", "olga"))

    assert "app-support" in theirs["aud"]
    assert "app-support" not in mine["aud"]


@on(PERMISSIONS)
def test_cross_realm__and_jwt_grant(keycloak: Keycloak, company: Company) -> None:
    """The first makes and links the user, so that the second finds one."""
    token = login(keycloak, company, "acme", "alice")

    with company.in_use(), using_subject_token(token):
        ledger = sent(company, "ledger-api")
        analytics = sent(company, "analytics-api")

    assert ledger["iss"] == analytics["iss"] == company.settings.realm("shared").issuer
    assert (ledger["aud"], ledger["azp"]) == ("ledger-api", "hub")
    assert (analytics["aud"], analytics["azp"]) == ("analytics-api", "hub")
    assert ledger["sub"] == analytics["sub"] != ALICE
    assert ledger["preferred_username"] == "alice"


@on(STANDARD)
def test_jwt_grant__after_a_login(keycloak: Keycloak, company: Company) -> None:
    """No preview feature: the browser's first login by the broker links the user."""
    token = login(keycloak, company, "acme", "alice")

    landed = log_in_through(company, "acme", "alice")

    assert "code=" in landed.headers["Location"], landed.text
    with company.in_use(), using_subject_token(token):
        assert sent(company, "analytics-api")["aud"] == "analytics-api"


@on(PERMISSIONS)
def test_linked__gives_what_the_provider_issued(
    keycloak: Keycloak, company: Company
) -> None:
    """Keycloak keeps the token that somebody came with, and hands it out again."""
    opaque = SubjectToken(value=OPAQUE, provider="corporate")

    with company.in_use():
        mine = exchange.broker(opaque, "corporate", company.settings.realm("default"))
        with using_subject_token(mine.token.value):
            assert company.recorder is not None
            with downstream_session("calendar") as session:
                session.get("")

    assert company.recorder.tokens[-1] == OPAQUE


@on(PERMISSIONS)
def test_external__with_a_provider(
    keycloak: Keycloak, company: Company, provider: Provider
) -> None:
    """A generic provider, whose ID tokens have no `typ`, is found by discovery."""
    token = provider.id_token("mobile")

    with company.in_use():
        mine = exchange_external(token, "id_token", "corporate")
        subject = SubjectToken(value=token, provider="corporate", token_type=ID_TOKEN)
        with bind(FixedSubject(subject)):
            claims = sent(company, "photos-api")

    assert unverified_claims(mine.access_token)["preferred_username"] == "gina"
    assert (claims["aud"], claims["azp"]) == ("photos-api", "app")
