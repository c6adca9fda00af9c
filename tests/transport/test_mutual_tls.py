"""Certificates of the requester (RFC 8705), and those of a downstream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.exceptions import (
    ExchangeError,
    ExchangeMisconfigured,
)
from tests.servers import FaultServer, grants
from tests.servers.certificates import (
    asking_for_certificate,
    authority,
    issue,
    server_context,
)
from tests.servers.site import Site, site_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def good() -> Any:
    return issue("good", authority())


def stranger() -> Any:
    return issue("stranger", authority("Another authority"))


def client_pem(tmp_path: Path, pair: Any) -> str:
    path = tmp_path / "client.pem"
    path.write_bytes(pair.pem)
    return str(path)


def test_mutual_tls__authenticates_the_requester(
    tls_site: Callable, tmp_path: Path
) -> None:
    """tls_client_auth: the certificate is shown, no secret is sent (RFC 8705)."""
    context = asking_for_certificate(server_context(good(), tmp_path), authority())
    site = tls_site(context)
    site.realm |= {
        "CLIENT_AUTH": "tls_client_auth",
        "CERTIFICATE": client_pem(tmp_path, issue("django-app", authority())),
        "CLIENT_SECRET": "",
    }

    assert site.call().status_code == 200

    seen = site.keycloak.asked[0]
    assert seen.form["client_id"] == "django-app"
    assert "client_secret" not in seen.form
    assert "authorization" not in seen.headers


@pytest.mark.parametrize("shown", [None, stranger], ids=["none", "unknown-ca"])
def test_mutual_tls__without_a_good_certificate(
    tls_site: Callable, tmp_path: Path, shown: Callable | None
) -> None:
    """A server that asks for a certificate refuses, and the token stays here."""
    context = asking_for_certificate(server_context(good(), tmp_path), authority())
    site = tls_site(context)
    if shown is not None:
        site.realm["CERTIFICATE"] = client_pem(tmp_path, shown())

    site.refuses(ExchangeError)

    assert site.keycloak.requests == []


def test_mutual_tls__uses_the_endpoint_alias(
    tls_site: Callable, tmp_path: Path
) -> None:
    """RFC 8705 section 5: the alias is asked, and only with a certificate."""
    site = tls_site(server_context(good(), tmp_path))
    alias = f"{site.keycloak.url}/mtls/token"
    site.keycloak.discovery = {"mtls_endpoint_aliases": {"token_endpoint": alias}}
    site.call()
    site.realm |= {
        "CLIENT_AUTH": "tls_client_auth",
        "CERTIFICATE": client_pem(tmp_path, issue("django-app", authority())),
    }
    site.call(site.subject(jti="2"))

    paths = [seen.path for seen in site.keycloak.asked]
    assert paths == ["/realms/shop/token", "/mtls/token"]


@pytest.mark.parametrize("key", ["CA_BUNDLE", "CERTIFICATE"])
def test_certificate_file__cannot_be_read(site: Site, tmp_path: Path, key: str) -> None:
    """A path that leads nowhere is told with the settings to look at."""
    site.realm[key] = str(tmp_path / "missing.pem")

    assert key in site.refuses(ExchangeMisconfigured).fix


def test_downstream__wrong_certificate(
    settings: Any, caplog: Any, tmp_path: Path
) -> None:
    """The downstream's certificate is verified, too, before the token is sent."""
    import requests  # noqa: PLC0415

    context = server_context(stranger(), tmp_path)
    with (
        site_of(FaultServer(grants()), settings, caplog) as site,
        FaultServer(grants(), tls=context) as downstream,
    ):
        site.orders |= {"BASE_URL": f"{downstream.url}/"}
        with pytest.raises(requests.exceptions.SSLError):
            site.call()
        assert downstream.requests == []
