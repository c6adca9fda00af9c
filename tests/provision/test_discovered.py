"""A provider says itself where it is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kc_exchange import conf
from kc_exchange.provision import ProvisionFailed
from kc_exchange.provision.discovered import endpoints_of
from tests.provision.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.provision.commands import Command


@pytest.fixture
def provider() -> Iterator[Provider]:
    """One of the test's own, to be changed."""
    with Provider() as running:
        yield running


def settings(provider: Provider) -> conf.Provider:
    audiences = frozenset({"mobile"})
    return conf.Provider(alias="corporate", audiences=audiences, issuer=provider.url)


def test_endpoints_of__a_generic_provider(provider: Provider) -> None:
    assert endpoints_of(settings(provider)) == {
        "authorizationUrl": f"{provider.url}/auth",
        "tokenUrl": f"{provider.url}/token",
        "userInfoUrl": f"{provider.url}/userinfo",
        "jwksUrl": f"{provider.url}/jwks",
    }


def test_endpoints_of__one_without_user_info(provider: Provider) -> None:
    """It is optional there; ID tokens are checked without it."""
    provider.missing = {"userinfo_endpoint"}

    assert "userInfoUrl" not in endpoints_of(settings(provider))


def test_endpoints_of__one_that_lacks_something(provider: Provider) -> None:
    provider.missing = {"jwks_uri"}

    with pytest.raises(ProvisionFailed, match="names no jwks_uri"):
        endpoints_of(settings(provider))


def test_endpoints_of__another_issuer(provider: Provider) -> None:
    provider.discovery["issuer"] = "https://elsewhere.example"

    with pytest.raises(ProvisionFailed, match="its issuer is 'https://elsewhere"):
        endpoints_of(settings(provider))


@pytest.mark.parametrize(
    ("issuer", "cause"),
    [("http://127.0.0.1:9", "does not answer"), ("{url}/none", "answers with 404")],
)
def test_endpoints_of__nobody(provider: Provider, issuer: str, cause: str) -> None:
    asked = replace(settings(provider), issuer=issuer.format(url=provider.url))

    with pytest.raises(ProvisionFailed, match=cause) as caught:
        endpoints_of(asked)

    assert "REALM_FILES" in caught.value.fix


def test_realm_file__saves_the_question(
    command: Command, provider: Provider, tmp_path: Path
) -> None:
    """A provider that cannot be reached from here is written down."""
    names = ("authorizationUrl", "tokenUrl", "userInfoUrl", "jwksUrl")
    config = dict.fromkeys(names, "https://idp.example/")
    known = {"alias": "corporate", "config": config}
    command.company.provider = "http://127.0.0.1:9"
    command.company.people["default"]["identityProviders"] = [known]

    command.run("--export", tmp_path / "out")

    assert provider.asked == []
    assert (
        "https://idp.example/" in (tmp_path / "out/company-acme-realm.json").read_text()
    )
