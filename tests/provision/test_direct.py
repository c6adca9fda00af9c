"""python-keycloak goes where it is told, and nowhere else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from kc_exchange.provision import ProvisionFailed, Server
from kc_exchange.provision.access import Access
from kc_exchange.testing.messages import Response, json_response
from tests.provision.stub.server import AdminApi
from tests.servers.certificates import authority, issue, server_context
from tests.servers.secrets import told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "planted-secret-of-the-administrator"


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[AdminApi]:
    """A small Keycloak behind a certificate of an authority that nobody knows."""
    pair = issue("127.0.0.1", authority())
    with AdminApi(tls=server_context(pair, tmp_path)) as running:
        yield running


def server(api: AdminApi, **more: str) -> Server:
    known = {"username": "admin", "password": "admin", **more}
    return Server(Access(url=api.url, **known))


def test_tls__needs_the_authority(secured: AdminApi, tmp_path: Path) -> None:
    bundle = tmp_path / "authority.pem"
    bundle.write_bytes(authority().pem)

    assert server(secured, ca_bundle=str(bundle)).info()["features"]
    with pytest.raises(ProvisionFailed, match="is not trusted") as caught:
        server(secured).info()
    assert "CA_BUNDLE" in caught.value.fix


def test_tls__cannot_read_the_authority(secured: AdminApi, tmp_path: Path) -> None:
    with pytest.raises(ProvisionFailed, match=r"none\.pem' cannot be read"):
        server(secured, ca_bundle=str(tmp_path / "none.pem")).info()


def test_environment__is_not_asked(
    api: AdminApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No proxy, no certificates and no passwords of the environment."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("NETRC", str(netrc))

    assert server(api).info()["features"]


def test_environment__that_cannot_be_read(
    api: AdminApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Part of python-keycloak looks at it before anybody can say no."""
    monkeypatch.setenv("ALL_PROXY", "nonsense://127.0.0.1:9")

    with pytest.raises(ProvisionFailed, match="cannot take a proxy") as caught:
        server(api)

    assert "ALL_PROXY" in caught.value.fix


def test_token__that_is_over_is_renewed(api: AdminApi) -> None:
    """A long plan outlives the minute that an administrator's token lives."""
    known = server(api)
    known.info()
    api.tokens.clear()

    assert known.info()["features"]
    assert len(api.tokens) == 1


def test_change__is_sent_once(api: AdminApi) -> None:
    """python-keycloak itself would send it again where the connection breaks."""
    known = server(api)
    known.info()
    api.breaks.add("/admin/realms")

    with pytest.raises(ProvisionFailed, match="No Keycloak answers"):
        known.create_realm({"realm": "r"})

    assert api.broken == 1


@pytest.mark.parametrize("secret", ["password", "client_secret"])
def test_refused_login__tells_nothing(api: AdminApi, secret: str) -> None:
    more = {"password": "", "username": ""} if secret == "client_secret" else {}

    with pytest.raises(ProvisionFailed) as caught:
        server(api, **more | {secret: SECRET}).info()

    error = caught.value
    assert error.__cause__ is error.__context__ is None
    assert SECRET not in told(error)


@pytest.mark.parametrize(
    "answer",
    [
        Response(status=200, body=b"<html>" + SECRET.encode()),
        json_response([SECRET]),
        json_response({"said": SECRET}),
        json_response({"access_token": None, "expires_in": SECRET}),
    ],
)
def test_login__of_something_else(api: AdminApi, answer: Response) -> None:
    """A proxy's page, say: nothing of it is told, nor of the password."""
    api.login = answer

    with pytest.raises(ProvisionFailed, match="is not Keycloak") as caught:
        server(api, username=SECRET).info()

    error = caught.value
    assert error.__cause__ is error.__context__ is None
    assert SECRET not in told(error)


def test_reply__is_not_repeated(api: AdminApi) -> None:
    """Keycloak's sentence is, and it may hold what it was sent: a token is masked."""
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    said = {"errorMessage": f"bad\x1b[31m {token}", "body": SECRET}
    api.refuses["POST realms"] = json_response(said, status=400)

    with pytest.raises(ProvisionFailed) as caught:
        server(api).create_realm({"realm": "r"})

    assert "bad\ufffd[31m ***" in caught.value.cause
    assert SECRET not in str(caught.value)


def test_missing_package__is_named(
    api: AdminApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "kc_exchange.provision.direct")
    monkeypatch.setitem(sys.modules, "keycloak", None)

    with pytest.raises(ProvisionFailed, match="package keycloak is not") as caught:
        server(api)

    assert caught.value.fix == "pip install 'kc-exchange[provision]'."
