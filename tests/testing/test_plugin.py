"""The pytest plugin, as another project uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

pytest_plugins = ["pytester"]

USES = """
import jwt

def test_one(embedded_keycloak, kc_subject_token, kc_downstream, downstream_recorder):
    claims = jwt.decode(kc_subject_token(), options={"verify_signature": False})
    assert claims["preferred_username"] == "USER"
    assert kc_subject_token() != kc_subject_token("OTHER")
    assert kc_downstream.url != downstream_recorder().url
    embedded_keycloak.assert_not_exchanged()
    embedded_keycloak.fail_next(times=3)
    embedded_keycloak.advance(1000)

def test_two(embedded_keycloak):
    assert embedded_keycloak.exchanges == []
    assert embedded_keycloak.realms == ("REALM",)
"""
ALONE = ("-p", "no:django", "-p", "no:randomly", "-p", "no:cacheprovider")


def used(user: str, other: str, realm: str) -> str:
    """The tests of that project."""
    text = USES.replace("USER", user).replace("OTHER", other)
    return text.replace("REALM", realm)


def test_plugin__serves_the_bundled_realm(pytester: pytest.Pytester) -> None:
    """Nothing needs to be configured."""
    pytester.makepyfile(used("alice", "bob", "test"))
    pytester.runpytest_subprocess(*ALONE).assert_outcomes(passed=2)


def test_plugin__serves_the_projects_own_realm(pytester: pytest.Pytester) -> None:
    """Realm, client and user come from the ini file, the path relative to it."""
    users = [
        {"username": name, "enabled": True, "email": f"{name}@example.com"}
        for name in ("carla", "dora")
    ]
    realm = {"realm": "own", "clients": [{"clientId": "front"}], "users": users}
    pytester.path.joinpath("own.json").write_text(json.dumps(realm))
    pytester.makeini(
        "[pytest]\n"
        "kc_exchange_realm = own.json\n"
        "kc_exchange_client = front\n"
        "kc_exchange_user = carla\n"
    )
    pytester.makepyfile(used("carla", "dora", "own"))
    pytester.runpytest_subprocess(*ALONE).assert_outcomes(passed=2)


def test_plugin__has_the_features_of_the_ini_file(pytester: pytest.Pytester) -> None:
    """A project that impersonates says so once, and no test can lose it."""
    pytester.makeini("[pytest]\nkc_exchange_features = token-exchange\n")
    pytester.makepyfile(
        "def test_one(embedded_keycloak):\n"
        "    embedded_keycloak.reset()\n"
        "    assert embedded_keycloak._features.legacy_exchange\n"
    )
    pytester.runpytest_subprocess(*ALONE).assert_outcomes(passed=1)


FAULTS = """
import pytest
from kc_exchange import conf, exchange
from kc_exchange.exceptions import ExchangeUnavailable
from kc_exchange.tokens import SubjectToken

def issue(keycloak, token):
    realm = conf.Realm(
        alias="default", issuer=keycloak.issuer("test"), client_id="django-app",
        client_secret="django-app-secret",
    )
    orders = conf.Downstream(
        name="orders-api", base_url="", audience="orders-api",
        scopes=frozenset({"orders:read"}),
    )
    return exchange.exchange(SubjectToken(value=token), orders, realm).value

def test_one(embedded_keycloak, kc_subject_token):
    embedded_keycloak.fail_next(429, retry_after=60)
    for _ in range(2):
        with pytest.raises(ExchangeUnavailable):
            issue(embedded_keycloak, kc_subject_token())

def test_two(embedded_keycloak, kc_subject_token):
    assert issue(embedded_keycloak, kc_subject_token())
"""


def test_plugin__leaves_no_breaker_open(pytester: pytest.Pytester) -> None:
    """A fault that one test orders is not met by the next one."""
    pytester.makepyfile(FAULTS)
    pytester.runpytest_subprocess(*ALONE).assert_outcomes(passed=2)


def test_plugin__imports_little() -> None:
    """Loading it costs neither Django nor the server."""
    code = (
        "import sys, kc_exchange.testing.pytest_plugin\n"
        "heavy = {'django', 'cryptography', 'jwt', 'requests', 'http.server'}\n"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run(  # noqa: S603 - the code above
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")
