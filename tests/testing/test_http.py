"""HTTP itself: connections, threads, unknown addresses, TLS."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

from kc_exchange.testing import EmbeddedKeycloak
from tests.testing.certificates import Authority
from tests.testing.conftest import REALM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.testing.conftest import Asker


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/realms/nowhere", 404, "Realm does not exist"),
        ("POST", "/realms/nowhere/protocol/openid-connect/token", 404, "Realm does"),
        ("GET", "/realms/test/protocol/openid-connect/odd", 404, "404 Not Found"),
        ("GET", "/odd", 404, "Unable to find matching target"),
        ("GET", "/realms/test/protocol/openid-connect/token", 405, "405 Method Not"),
        ("PUT", "/realms/test/protocol/openid-connect/certs", 405, "405 Method Not"),
    ],
)
def test_address__is_unknown(
    ask: Asker, method: str, path: str, status: int, said: str
) -> None:
    """Keycloak's own words in JSON."""
    reply = ask.http.request(method, ask.keycloak.url + path, timeout=10)
    assert reply.status_code == status
    assert said in reply.json()["error"]


def test_head__has_no_body(ask: Asker) -> None:
    """The length is told, the body is not sent, the connection goes on."""
    reply = ask.http.head(ask.url("certs"), timeout=10)
    assert (reply.status_code, reply.content) == (200, b"")
    assert ask.http.get(ask.url("certs"), timeout=10).json()["keys"]


def test_body__may_come_in_chunks(ask: Asker) -> None:
    """A form of unknown length is read, too."""
    reply = ask.http.post(
        ask.url("token"),
        data=iter([b"grant_type=", b"client_credentials"]),
        auth=("django-app", "django-app-secret"),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=10,
    )
    assert reply.status_code == 200


def test_realm__disabled(ask: Asker) -> None:
    """A disabled realm serves nobody."""
    realm = ask.keycloak.realm("test")
    realm.enabled = False
    try:
        reply = ask.exchange()
    finally:
        realm.enabled = True
    assert (reply.status_code, reply.json()["error"]) == (403, "access_denied")


def test_server__takes_many_at_once(ask: Asker) -> None:
    """Fifty exchanges in ten threads are fifty records."""
    subject = ask.token()
    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda _: ask.exchange(subject), range(50)))
    assert {reply.status_code for reply in replies} == {200}
    assert len(ask.keycloak.exchanges) == 50


def test_stop__leaves_no_thread() -> None:
    """Idle connections do not keep a stopped server alive."""
    before = set(threading.enumerate())
    with requests.Session() as http:
        with EmbeddedKeycloak(REALM) as keycloak:
            http.get(keycloak.issuer("test"), timeout=10)
        assert set(threading.enumerate()) <= before


def test_tls__serves_https(tmp_path: Path) -> None:
    """Addresses are https, and discovery names the aliases for mutual TLS."""
    authority = Authority(tmp_path)
    with EmbeddedKeycloak(REALM, ssl_context=authority.server_context()) as keycloak:
        issuer = keycloak.issuer("test")
        url = f"{issuer}/.well-known/openid-configuration"
        document = requests.get(url, verify=authority.file, timeout=10).json()
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(url, timeout=10)
    assert document["issuer"] == issuer
    assert issuer.startswith("https://127.0.0.1:")
    alias = document["mtls_endpoint_aliases"]["token_endpoint"]
    assert alias == document["token_endpoint"]


@pytest.mark.parametrize(
    ("name", "status"), [("right-app", 200), ("wrong-app", 401), (None, 401)]
)
def test_tls__client_certificate(tmp_path: Path, name: str | None, status: int) -> None:
    """The subject of the certificate is the client's proof (RFC 8705)."""
    authority = Authority(tmp_path)
    client = {
        "clientId": "right-app",
        "serviceAccountsEnabled": True,
        "clientAuthenticatorType": "client-x509",
        "attributes": {"x509.subjectdn": "CN=right-app,O=Example"},
    }
    realm = {"realm": "r", "clients": [client]}
    with EmbeddedKeycloak(realm, ssl_context=authority.server_context()) as keycloak:
        reply = requests.post(
            f"{keycloak.issuer('r')}/protocol/openid-connect/token",
            data={"grant_type": "client_credentials", "client_id": "right-app"},
            cert=authority.issue(name) if name else None,
            verify=authority.file,
            timeout=10,
        )
    assert reply.status_code == status
