"""How a client shows who it is, as Keycloak has to know it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from kc_exchange.exceptions import ExchangeMisconfigured
from kc_exchange.provision import ProvisionFailed
from tests.provision.wants import ACME, client, of
from tests.servers.certificates import issue

if TYPE_CHECKING:
    from pathlib import Path


def wanted(**members: str) -> dict[str, Any]:
    """The client of a realm that has these instead of a secret."""
    bare = {key: value for key, value in ACME.items() if key != "CLIENT_SECRET"}
    return client(of(default={**bare, **members})["acme"], "app")


def test_private_key__only_its_public_half_is_wanted() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    app = wanted(CLIENT_AUTH="private_key_jwt", PRIVATE_KEY=pem, KEY_ID="one")

    assert app["clientAuthenticatorType"] == "client-jwt"
    assert "secret" not in app
    attributes = app["attributes"]
    assert attributes["token.endpoint.auth.signing.alg"] == "ES256"
    (known,) = json.loads(attributes["jwks.string"])["keys"]
    assert set(known) == {"use", "alg", "kid", "kty", "crv", "x", "y"}
    assert (known["kid"], known["use"]) == ("one", "sig")


def test_private_key__that_is_none() -> None:
    with pytest.raises(ExchangeMisconfigured, match="is no private key"):
        wanted(CLIENT_AUTH="private_key_jwt", PRIVATE_KEY="nonsense")


def test_certificate__by_the_name_of_its_subject(tmp_path: Path) -> None:
    """As RFC 4514 writes it, whatever the name holds."""
    path = tmp_path / "client.pem"
    path.write_bytes(issue('app, of "Acme"', None).pem)

    app = wanted(CLIENT_AUTH="tls_client_auth", CERTIFICATE=str(path))

    assert app["clientAuthenticatorType"] == "client-x509"
    name = app["attributes"]["x509.subjectdn"]
    assert name == 'CN=app\\, of \\"Acme\\"'
    (part,) = x509.Name.from_rfc4514_string(name)
    assert (part.oid, part.value) == (NameOID.COMMON_NAME, 'app, of "Acme"')
    assert app["attributes"]["x509.allow.regex.pattern.comparison"] == "false"


def test_certificate__that_is_none(tmp_path: Path) -> None:
    (tmp_path / "client.pem").write_text("nonsense")

    for path in (tmp_path / "client.pem", tmp_path / "none.pem"):
        with pytest.raises(ProvisionFailed, match="CERTIFICATE of realm 'default'"):
            wanted(CLIENT_AUTH="tls_client_auth", CERTIFICATE=str(path))


@pytest.mark.parametrize("client_id", ["account", "admin-cli", "realm-management"])
def test_requester__is_none_of_keycloaks_own(client_id: str) -> None:
    """It would get a secret, and no longer do what Keycloak needs it for."""
    with pytest.raises(ProvisionFailed, match=f"'default' is '{client_id}'") as caught:
        of(default={**ACME, "CLIENT_ID": client_id})

    assert "CLIENT_ID" in caught.value.fix


def test_audience__may_be_one_of_keycloaks_own() -> None:
    """Who only takes tokens that are for it changes nothing."""
    bare = {key: value for key, value in ACME.items() if key != "CLIENT_SECRET"}

    assert of(default={**bare, "CLIENT_ID": "account"})
