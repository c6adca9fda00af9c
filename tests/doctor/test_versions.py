"""Which release it is, whose clock is wrong, and what only an administrator is told."""

from __future__ import annotations

import re
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from kc_exchange.doctor.requester import context_of
from kc_exchange.doctor.versions import is_vulnerable
from tests.doctor.double import double, refuses
from tests.doctor.kinds import Kind
from tests.doctor.realms import CLINIC
from tests.doctor.tokens import Login
from tests.doctor.world import world
from tests.real_keycloak import LEGACY, STANDARD
from tests.servers.acts import replies, silent

if TYPE_CHECKING:
    from collections.abc import Callable

REAL = Kind(STANDARD, real=True)
KINDS = [REAL.param(), Kind(STANDARD, real=False).param()]


@pytest.fixture
def administrator(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that names an administrator in the environment."""

    def name(password: str) -> None:
        monkeypatch.setenv("KEYCLOAK_ADMIN_USERNAME", "admin")
        monkeypatch.setenv("KEYCLOAK_ADMIN_PASSWORD", password)

    return name


@pytest.mark.parametrize(
    ("version", "vulnerable"),
    [
        ("25.0.6", True),
        ("26.2.0", True),
        ("26.4.15", True),
        ("26.4.16", False),
        ("26.5.7", True),
        ("26.6.6", True),
        ("26.6.7", False),
        ("26.7.3", True),
        ("26.7.4", False),
        ("26.7.10", False),
        ("26.8.0", False),
        ("27.0.1", False),
        ("26.7.3.redhat-00001", True),
        ("999.0.0-SNAPSHOT", False),
        ("nightly", False),
        ("", False),
    ],
)
def test_version__is_vulnerable(version: str, vulnerable: bool) -> None:
    """CVE-2026-17526: each line of releases got its fix in another patch."""
    assert is_vulnerable(version) is vulnerable


@pytest.mark.parametrize(
    ("token_id", "context"),
    [
        ("onrtro:2d1d7b3a", ("on", "rt", "ro")),
        ("trltcc:2d1d7b3a", ("tr", "lt", "cc")),
        ("2d1d7b3a-0000", ("", "", "")),
        ("urn:2d1d7b3a", ("", "", "")),
        (None, ("", "", "")),
        (7, ("", "", "")),
    ],
)
def test_context__of_a_token_id(token_id: object, context: tuple[str, ...]) -> None:
    """Another server's `jti` says nothing."""
    assert context_of(token_id) == context


def release(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is said of the release."""
    return [
        (f["code"], f["cause"]) for f in report["findings"] if f["step"] == "release"
    ]


@pytest.mark.parametrize("kind", [REAL.param()])
def test_release__as_an_administrator_is_told(
    kind: Kind,
    partner: str,
    settings: Any,
    administrator: Callable[[str], None],
    examined: Callable[..., Any],
) -> None:
    """The exact release, from the admin API."""
    administrator("admin")
    with world(kind, partner, annex=False) as sound:
        settings.KC_EXCHANGE = sound.settings()
        report = examined("--audience", "orders-api")

    assert ("holds", "Keycloak 26.7.4.") in release(report)


@pytest.mark.parametrize("kind", KINDS)
def test_release__is_not_told_to_others(
    kind: Kind,
    partner: str,
    settings: Any,
    administrator: Callable[[str], None],
    examined: Callable[..., Any],
) -> None:
    """A wrong password is a warning, and nowhere repeated."""
    administrator("a-wrong-password")
    with world(kind, partner, annex=False) as sound:
        settings.KC_EXCHANGE = sound.settings()
        report = examined("--audience", "orders-api")

    assert "admin_refused" in dict(release(report))
    assert report["exit_code"] == 0
    assert "a-wrong-password" not in str(report)


def test_release__leaves_no_session_of_the_administrator(
    settings: Any, administrator: Callable[[str], None], examined: Callable[..., Any]
) -> None:
    """What the login began is ended, also where its token is told nothing."""
    administrator("admin")
    with double(settings, info=replies("{}", 403)) as server:
        report = examined("--audience", "orders-api")

    ends = [seen.form for seen in server.requests if seen.path.endswith("/logout")]
    assert ends == [{"client_id": "admin-cli", "refresh_token": "to-end-it"}]
    assert "it answers them with HTTP 403" in dict(release(report))["admin_refused"]


@pytest.mark.parametrize("kind", [REAL.param()])
def test_release__ends_the_session_of_the_administrator(
    kind: Kind,
    partner: str,
    settings: Any,
    administrator: Callable[[str], None],
    examined: Callable[..., Any],
) -> None:
    administrator("admin")
    with world(kind, partner, annex=False) as sound:
        settings.KC_EXCHANGE = sound.settings()
        assert sound.admin is not None
        path = f"/master/users/{sound.admin.user('master', 'admin')['id']}/sessions"
        before = len(sound.admin.call("GET", path))
        examined("--audience", "orders-api")
        after = len(sound.admin.call("GET", path))

    assert after == before


def test_release__says_why_the_login_is_refused(
    settings: Any, administrator: Callable[[str], None], examined: Callable[..., Any]
) -> None:
    administrator("a-wrong-password")
    no = refuses(401, "invalid_grant", "Invalid user credentials")
    with double(settings, login=no):
        report = examined("--audience", "orders-api")

    cause = dict(release(report))["admin_refused"]
    assert "it refuses their login with 401 Invalid user credentials." in cause


def test_release__of_a_server_that_does_not_answer_an_administrator(
    settings: Any, administrator: Callable[[str], None], examined: Callable[..., Any]
) -> None:
    """It is slow, and nothing is wrong with the credentials."""
    administrator("admin")
    with double(settings, login=silent):
        report = examined("--audience", "orders-api")

    (found,) = [f for f in report["findings"] if f["code"] == "deadline_passed"]
    assert (found["step"], found["state"]) == ("release", "warning")
    assert ".." not in found["cause"]
    assert "admin_refused" not in str(report)


@pytest.mark.parametrize("kind", [Kind(LEGACY, real=True).param()])
def test_permissions__whose_feature_is_off(
    kind: Kind,
    partner: str,
    settings: Any,
    administrator: Callable[[str], None],
    examined: Callable[..., Any],
) -> None:
    """An administrator is told that no permission could be given at all."""
    administrator("admin")
    with world(kind, partner) as sound:
        found = sound.settings()
        found["DOWNSTREAMS"]["stock-legacy"] = {
            "BASE_URL": f"{sound.url}/",
            "STRATEGY": "cross-realm",
            "REALM": "annex",
            "SUBJECT_ISSUER": CLINIC,
        }
        settings.KC_EXCHANGE = found
        token = Login().obtain(sound)
        report = examined("--audience", "stock-legacy", token=token)

    (found,) = [f for f in report["findings"] if f["code"] == "permissions_off"]
    assert "admin-fine-grained-authz:v1" in found["cause"]
    assert "'jwt-grant'" in found["fix"]


@pytest.mark.parametrize("kind", KINDS)
def test_clock__differs(
    kind: Kind, partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """Two minutes are too many, and the finding says whose clock is ahead."""
    later = time_machine.travel(time.time() + 120) if kind.real else nullcontext()
    with world(kind, partner, annex=False) as sound:
        settings.KC_EXCHANGE = sound.settings()
        token = Login().obtain(sound)
        if sound.embedded is not None:
            sound.embedded.advance(120)
        with later:
            report = examined("--audience", "orders-api", token=token)

    (clock,) = [f for f in report["findings"] if f["step"] == "clock"]
    assert clock["code"] == "clock_differs"
    assert ("behind" if kind.real else "ahead of") in clock["cause"]
    assert re.search(r" 1[12]\d s ", clock["cause"])
    assert report["exit_code"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_clock__of_a_token_that_is_from_the_future(
    kind: Kind, partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """Its `iat` says so without a question."""
    earlier = time_machine.travel(time.time() - 120)
    with world(kind, partner, annex=False) as sound:
        settings.KC_EXCHANGE = sound.settings()
        token = Login().obtain(sound)
        with earlier:
            report = examined("--audience", "orders-api", token=token)

    about = [f for f in report["findings"] if f["about"] == "the user's token"]
    assert "s from now, by this clock" in str(about)
