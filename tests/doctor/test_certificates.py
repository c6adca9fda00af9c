"""Certificates: the requester's own, and that of a downstream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doctor.double import double, refuses
from tests.servers import FaultServer
from tests.servers.acts import grants
from tests.servers.certificates import authority, bundle, issue, server_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SAID = "Invalid client or Invalid client credentials"
NO_CLIENT = refuses(401, "invalid_client", _SAID)
NO_SECRET = refuses(401, "unauthorized_client", _SAID)


@pytest.mark.parametrize(
    ("answer", "way", "code"),
    [
        (NO_CLIENT, "tls_client_auth", "certificate_refused"),
        (NO_SECRET, "tls_client_auth", "certificate_refused"),
        (NO_CLIENT, "client_secret_post", "client_unknown"),
    ],
)
def test_client__by_a_certificate(
    settings: Any,
    examined: Callable[..., Any],
    tmp_path: Path,
    answer: Any,
    way: str,
    code: str,
) -> None:
    """Keycloak says the same of a certificate that it did not see or does not know."""
    path = tmp_path / "client.pem"
    path.write_bytes(issue("client", authority()).pem)
    with double(settings, own=answer):
        realm = settings.KC_EXCHANGE["REALMS"]["default"]
        realm |= {"CLIENT_AUTH": way, "CERTIFICATE": str(path)}
        report = examined("--audience", "orders-api")

    assert code in [f["code"] for f in report["findings"]]


def test_client__whose_certificate_cannot_be_read(
    settings: Any, examined: Callable[..., Any], tmp_path: Path
) -> None:
    with double(settings):
        realm = settings.KC_EXCHANGE["REALMS"]["default"]
        missing = str(tmp_path / "none.pem")
        realm |= {"CLIENT_AUTH": "tls_client_auth", "CERTIFICATE": missing}
        report = examined("--audience", "orders-api")

    (found,) = [f for f in report["findings"] if f["code"] == "certificate_unreadable"]
    assert found["setting"] == "KC_EXCHANGE['REALMS']['default']['CERTIFICATE']"


def test_realm__whose_authorities_cannot_be_read(
    settings: Any, examined: Callable[..., Any], tmp_path: Path
) -> None:
    """CERTIFICATE has nothing to do with it."""
    with double(settings):
        realm = settings.KC_EXCHANGE["REALMS"]["default"]
        realm["CA_BUNDLE"] = str(tmp_path / "none.pem")
        report = examined("--audience", "orders-api")

    (found,) = [f for f in report["findings"] if f["code"] == "ca_bundle_unreadable"]
    assert found["setting"] == "KC_EXCHANGE['REALMS']['default']['CA_BUNDLE']"
    assert "CERTIFICATE" not in found["fix"]


def test_reach__with_authorities_that_cannot_be_read(
    settings: Any, examined: Callable[..., Any], tmp_path: Path
) -> None:
    """Nobody was asked yet, so the host is not to blame."""
    with double(settings):
        orders = settings.KC_EXCHANGE["DOWNSTREAMS"]["orders-api"]
        orders["BASE_URL"] = "https://127.0.0.1:9/"
        orders["CA_BUNDLE"] = str(tmp_path / "none.pem")
        report = examined("--audience", "orders-api")

    (found,) = [f for f in report["findings"] if f["step"] == "reach"]
    assert (found["code"], found["state"]) == ("downstream_bundle_unreadable", "wrong")
    assert "(No such file or directory)" in found["cause"]
    assert found["setting"].endswith("['CA_BUNDLE']")


def test_reach__by_tls(
    settings: Any, examined: Callable[..., Any], tmp_path: Path
) -> None:
    """The authorities of the downstream are those that its session trusts."""
    context = server_context(issue("good", authority()), tmp_path)
    with double(settings), FaultServer(grants(), tls=context) as downstream:
        orders = settings.KC_EXCHANGE["DOWNSTREAMS"]["orders-api"]
        orders["BASE_URL"] = f"{downstream.url}/"
        strange = examined("--audience", "orders-api")
        orders["CA_BUNDLE"] = bundle(authority(), tmp_path)
        settings.KC_EXCHANGE = {**settings.KC_EXCHANGE}
        trusted = examined("--audience", "orders-api")

    assert "downstream_tls" in [f["code"] for f in strange["findings"]]
    assert [f["state"] for f in trusted["findings"] if f["step"] == "reach"] == ["ok"]
    assert downstream.requests == []
