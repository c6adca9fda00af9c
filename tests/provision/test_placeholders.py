"""The secrets of an export: in their places, or as names of variables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.provision import ProvisionFailed, exported
from tests.provision.company import PASSWORD, SECRET, Company
from tests.provision.exports import documents, part

if TYPE_CHECKING:
    from pathlib import Path

    from tests.provision.provider import Provider


@pytest.fixture
def small(provider: Provider, tmp_path: Path) -> Company:
    """The company, wherever its Keycloak is."""
    return Company("https://id.example", tmp_path, provider.url)


def test_shared_secret__is_on_both_sides(small: Company) -> None:
    found = documents(small)

    for alias in ("acme", "globex"):
        broker = part(found[alias], "clients", "company-shared-broker")
        provider = part(found["shared"], "identityProviders", alias)
        assert provider["config"]["clientSecret"] == broker["secret"]
        assert len(broker["secret"]) > 40


def test_shared_secret__of_a_realm_file(small: Company) -> None:
    """So that the same files come out each time."""
    broker = {"clientId": "company-shared-broker", "secret": "chosen"}
    small.people["default"]["clients"].append(broker)

    found = documents(small)

    provider = part(found["shared"], "identityProviders", "acme")
    assert provider["config"]["clientSecret"] == "chosen"


def test_placeholders__stand_for_each_secret(small: Company) -> None:
    small.people["default"]["smtpServer"] = {"host": "mail", "password": PASSWORD}
    found, variables = exported(small.wanted().values(), with_secrets=False)

    text = json.dumps(found)
    assert SECRET not in text
    assert PASSWORD not in text
    assert variables == [
        "COMPANY_ACME_ALICE_PASSWORD",
        "COMPANY_ACME_APP_SECRET",
        "COMPANY_ACME_APP_SUPPORT_SECRET",
        "COMPANY_ACME_COMPANY_SHARED_BROKER_SECRET",
        "COMPANY_ACME_CORPORATE_CLIENT_SECRET",
        "COMPANY_ACME_OLGA_PASSWORD",
        "COMPANY_ACME_SMTP_SERVER_PASSWORD",
        "COMPANY_GLOBEX_APP_SECRET",
        "COMPANY_GLOBEX_BOB_PASSWORD",
        "COMPANY_GLOBEX_COMPANY_SHARED_BROKER_SECRET",
        "COMPANY_SHARED_HUB_SECRET",
    ]
    assert all(f"${{{variable}}}" in text for variable in variables)


HIDDEN: dict[str, Any] = {
    "smtpServer": {"host": "mail", "password": PASSWORD},
    "attributes": {"apiKey": SECRET},
    "clients": [
        {
            "clientId": "a.b",
            "registrationAccessToken": SECRET,
            "rootUrl": f"https://adm:{SECRET}@app.example/",
        }
    ],
    "identityProviders": [
        {"alias": "corporate", "config": {"passphrase": SECRET, "apiToken": SECRET}}
    ],
    "users": [
        {
            "username": "olga",
            "attributes": {"pin": ["1"], "password": [PASSWORD, f"{PASSWORD}-2"]},
            "credentials": [{"type": "otp", "secretData": SECRET}],
            "clientRoles": {"token-api": ["refund"]},
        }
    ],
}


def test_placeholders__stand_for_secrets_anywhere(small: Company) -> None:
    """In a list, in a URL, and under any name that sounds like one."""
    small.people["support"] = HIDDEN

    found, variables = exported(small.wanted().values(), with_secrets=False)
    shown, none = exported(small.wanted().values(), with_secrets=True)

    text = json.dumps(found)
    assert SECRET not in text
    assert PASSWORD not in text
    assert {
        "COMPANY_ACME_SMTP_SERVER_PASSWORD",
        "COMPANY_ACME_A_B_REGISTRATION_ACCESS_TOKEN",
        "COMPANY_ACME_CORPORATE_PASSPHRASE",
        "COMPANY_ACME_OLGA_OTP_SECRET_DATA",
        "COMPANY_ACME_OLGA_PASSWORD_2",
        "COMPANY_ACME_API_KEY",
    } <= set(variables)
    olga = part(found["company-acme"], "users", "olga")
    assert olga["clientRoles"] == {"token-api": ["refund"]}
    assert olga["attributes"]["pin"] == ["1"]
    assert none == []
    told = part(shown["company-acme"], "users", "olga")["attributes"]["password"]
    assert told == [PASSWORD, f"{PASSWORD}-2"]


def test_placeholders__differ_where_names_look_alike(small: Company) -> None:
    """Else one secret would stand in the place of another."""
    secrets = [
        {"secret": SECRET, "clientId": c} for c in ("a.b", "a_b", "日本", "東京")
    ]
    provider = {"alias": "a", "providerId": "oidc", "config": {"b.secret": SECRET}}
    small.people["support"] = {"clients": secrets, "identityProviders": [provider]}

    found, variables = exported(small.wanted().values(), with_secrets=False)

    acme = found["company-acme"]
    ours = [part(acme, "clients", one["clientId"])["secret"] for one in secrets]
    ours.append(part(acme, "identityProviders", "a")["config"]["b.secret"])
    assert len(set(ours)) == len(ours)
    assert {one[2:-1] for one in ours} <= set(variables)
    assert ours[0].startswith("${COMPANY_ACME_A_B_SECRET_")
    again, _ = exported(small.wanted().values(), with_secrets=False)
    assert again == found


@pytest.mark.parametrize("with_secrets", [False, True])
@pytest.mark.parametrize("secret", ["xxx${HOME}zz", "a${b"])
def test_secret__that_an_import_would_change(
    small: Company, secret: str, with_secrets: bool
) -> None:
    """Keycloak replaces what it finds in a variable once more."""
    client = {"clientId": "app", "secret": secret}
    small.people["support"] = {"clients": [client]}

    with pytest.raises(ProvisionFailed) as caught:
        exported(small.wanted().values(), with_secrets=with_secrets)

    assert "clients > app > secret of realm 'company-acme' has ${" in caught.value.cause
    assert secret not in str(caught.value)
    assert "--apply" in caught.value.fix


def test_vault__is_named_and_not_hidden(small: Company) -> None:
    """Keycloak looks the secret up where it keeps them; the name is none."""
    reference = "${vault.mail}"
    small.people["support"] = {"smtpServer": {"password": reference}}

    found, variables = exported(small.wanted().values(), with_secrets=False)

    assert found["company-acme"]["smtpServer"]["password"] == reference
    assert "COMPANY_ACME_SMTP_SERVER_PASSWORD" not in variables
