"""What counts as a secret: by its name, when in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from kc_exchange.provision.compare import Difference
from kc_exchange.provision.secrecy import is_secret, public

SECRETS = [
    "secret", "clientSecret", "client.secret.rotated", "apiSecret", "password",
    "passphrase", "bindPwd", "passwd", "credentials", "bindCredential", "privateKey",
    "saml.signing.private.key", "apiKey", "api_key", "api.key", "site-key", "key",
    "apiToken", "my.token", "registrationAccessToken", "TOKEN", "apikey",
]  # fmt: skip
PUBLIC = [
    "clientId", "keyId", "kid", "publicKey", "publicKeySignatureVerifier",
    "publicKeySignatureVerifierKeyId", "jwksUrl", "tokenUrl", "tokenIntrospectionUrl",
    "accessTokenLifespan", "access.token.lifespan", "refreshTokenMaxReuse",
    "accessTokenLifespanForImplicitFlow", "actionTokenGeneratedByUserLifespan",
    "actionTokenGeneratedByUserLifespan.verify-email", "client.secret.creation.time",
    "token.endpoint.auth.signing.alg", "access.token.signed.response.alg",
    "passwordPolicy", "requiredCredentials", "resetCredentialsFlow",
    "webAuthnPolicyPasswordlessRpId", "cibaBackchannelTokenDeliveryMode", "keycloak",
    "standard.token.exchange.enableRefreshRequestedTokenType", "monkey", "keystore",
]  # fmt: skip


@pytest.mark.parametrize("member", SECRETS)
def test_is_secret__by_name(member: str) -> None:
    assert is_secret(member)
    assert Difference(("config", member), "a", "b").is_secret
    assert Difference((member, "inner"), None, ["a"]).is_secret


@pytest.mark.parametrize("member", PUBLIC)
def test_is_secret__no(member: str) -> None:
    assert not is_secret(member)
    assert not Difference(("attributes", member), "a", "b").is_secret


@pytest.mark.parametrize(
    ("before", "after"), [(None, True), (False, True), ("false", "true"), (None, "")]
)
def test_switch__is_no_secret(before: Any, after: Any) -> None:
    """Whatever it is called: `resetPasswordAllowed`, `access.token.claim`."""
    assert not Difference(("resetPasswordAllowed",), before, after).is_secret
    assert Difference(("resetPasswordAllowed",), "sesame", after).is_secret


def test_client__may_be_called_like_a_secret() -> None:
    assert not Difference(("clientRoles", "token-api"), [], ["refund"]).is_secret
    assert public({"clientRoles": {"token-api": ["refund"]}}) == {
        "clientRoles": {"token-api": ["refund"]}
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://adm:s3cret@mail.example/x", "https://***@mail.example/x"),
        (["smtp://adm:s3@c@mail.example"], ["smtp://***@mail.example"]),
        ("https://mail.example/@home", "https://mail.example/@home"),
        ({"apiToken": "x", "host": "y"}, {"apiToken": "***", "host": "y"}),
        ({"a": [{"password": ["x"]}]}, {"a": [{"password": "***"}]}),
        ({"storeToken": True, "x": 1}, {"storeToken": True, "x": 1}),
    ],
)
def test_public__hides_secrets(value: Any, shown: Any) -> None:
    assert public(value) == shown
