"""Where everything is as it should be, nothing is wrong, and nothing stays behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doctor import changes
from tests.doctor.kinds import Kind
from tests.doctor.realms import ALICE_ID, ANNEX, CLINIC
from tests.doctor.test_broken import told
from tests.doctor.tokens import Brought, Login, Partners
from tests.doctor.world import world
from tests.real_keycloak import FEATURES, LEGACY, PERMISSIONS, STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doctor.tokens import Step
    from tests.doctor.world import World

ALICE, OLGA = Login(), Login(user="olga")
KINDS = [Kind(features, real) for features in FEATURES for real in (True, False)]
ALONE: list[tuple[str, Step]] = [
    ("orders-api", ALICE),
    ("stock", ALICE),
    ("stock-legacy", ALICE),
    ("orders-partner", Partners()),
    ("partner-api", Brought()),
]


@pytest.fixture
def project(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes a whole project, in front of a server."""

    def make(sound: World) -> None:
        settings.KC_EXCHANGE = sound.settings()
        settings.ROOT_URLCONF = "tests.admin.office"
        settings.SILENCED_SYSTEM_CHECKS = ["kc_exchange.W007"]
        if sound.kind.features == STANDARD:
            settings.KC_EXCHANGE["IMPERSONATION"] = {"AT_KEYCLOAK": "never"}
        if sound.kind.real:
            monkeypatch.setenv("KEYCLOAK_ADMIN_USERNAME", "admin")
            monkeypatch.setenv("KEYCLOAK_ADMIN_PASSWORD", "admin")

    return make


def not_ok(report: dict[str, Any]) -> set[tuple[str, str]]:
    """Return what is not as it should be, by state and code."""
    return {
        (finding["state"], finding["code"])
        for finding in report["findings"]
        if finding["state"] != "ok"
    }


@pytest.mark.parametrize(
    "kind", [k.param() for k in KINDS if k.features != PERMISSIONS]
)
def test_doctor__all_is_green(
    kind: Kind, partner: str, project: Callable[..., None], examined: Callable[..., Any]
) -> None:
    """With a token, every step of every downstream is walked, and holds."""
    legacy = kind.features == LEGACY
    with world(kind, partner) as sound:
        project(sound)
        token = (OLGA if legacy else ALICE).obtain(sound)
        arguments = ["--target", ALICE_ID] if legacy else []
        audience = [] if not legacy else ["--audience", "orders-api"]

        report = examined(*arguments, *audience, token=token)

    possible = {("warning", "cve_2026_17526_possible")} if legacy else set()
    allowed = set() if kind.real else possible
    assert not_ok(report) == allowed, told(report)
    assert report["exit_code"] == 0


@pytest.mark.parametrize("kind", [kind.param() for kind in KINDS])
def test_doctor__without_a_token(
    kind: Kind, partner: str, project: Callable[..., None], examined: Callable[..., Any]
) -> None:
    """The requester's own token goes as far as it can; the rest is not examined."""
    with world(kind, partner) as sound:
        project(sound)

        report = examined()

    expected = {("unknown", "not_examined")}
    if kind.features != STANDARD and not kind.real:
        expected.add(("warning", "cve_2026_17526_possible"))
    assert not_ok(report) == expected, told(report)
    assert report["exit_code"] == 0
    steps = {(f["about"], f["step"]) for f in report["findings"] if f["state"] == "ok"}
    assert ("downstream orders-api", "exchange") in steps


@pytest.mark.parametrize(("audience", "token"), ALONE, ids=[a for a, _ in ALONE])
@pytest.mark.parametrize(
    "kind", [k.param() for k in KINDS if k.features == PERMISSIONS]
)
def test_doctor__each_strategy_is_green(
    kind: Kind,
    audience: str,
    token: Step,
    partner: str,
    project: Callable[..., None],
    examined: Callable[..., Any],
) -> None:
    """Each strategy is walked to its end with a token of whom it is for."""
    with world(kind, partner) as sound:
        project(sound)

        report = examined("--audience", audience, token=token.obtain(sound))

        assert not_ok(report) == set(), told(report)
        if audience == "stock-legacy":
            assert sessions(sound, ANNEX, "alice") == 0
        if audience == "orders-partner":
            assert sessions(sound, CLINIC, "gina") == 0


@pytest.mark.parametrize("kind", [k.param() for k in KINDS if k.features == LEGACY])
def test_doctor__ends_what_it_begins(
    kind: Kind, partner: str, project: Callable[..., None], examined: Callable[..., Any]
) -> None:
    """An impersonation that was tried leaves no session of the target behind."""
    with world(kind, partner) as sound:
        project(sound)
        report = examined(
            *("--audience", "orders-api", "--target", ALICE_ID),
            token=OLGA.obtain(sound),
        )

        assert "a token of the target; the session of it is ended again." in str(report)
        assert sessions(sound, CLINIC, "alice") == 0


def test_doctor__says_what_it_could_not_end(
    partner: str, project: Callable[..., None], examined: Callable[..., Any]
) -> None:
    """Where Keycloak does not end the session, the token is to be revoked at least."""
    with world(Kind(LEGACY, real=False), partner) as sound:
        project(sound)
        assert sound.embedded is not None
        sound.embedded.fail_next(status=503, endpoint="logout")
        sound.embedded.fail_next(status=502, times=2, endpoint="revoke")
        report = examined(
            *("--audience", "orders-api", "--target", ALICE_ID),
            token=OLGA.obtain(sound),
        )

    said = [f["cause"] for f in report["findings"] if f["step"] == "start"]
    assert "the session of it lasts to its idle limit." in said[0]
    assert ["503" in said[-2], "502" in said[-1]] == [True, True]
    assert report["exit_code"] == 1


@pytest.mark.parametrize(
    "kind", [k.param() for k in KINDS if k.features == PERMISSIONS]
)
def test_doctor__ends_what_it_cannot_take(
    kind: Kind, partner: str, project: Callable[..., None], examined: Callable[..., Any]
) -> None:
    """A token that is not as it should be came with a session as well."""
    nameless = changes.Scopes("annex-app", "default", fewer=("basic",), realm=ANNEX)
    with world(kind, partner, (nameless,)) as sound:
        project(sound)
        report = examined("--audience", "stock-legacy", token=ALICE.obtain(sound))

        assert "its session is ended again" not in str(report)
        assert sessions(sound, ANNEX, "alice") == 0
        assert report["exit_code"] == 1


def sessions(sound: World, realm: str, name: str) -> int:
    """Return how many sessions a user has."""
    if sound.embedded is not None:
        return len(sound.embedded.sessions(realm, name))
    assert sound.admin is not None
    number = sound.admin.user(realm, name)["id"]
    return len(sound.admin.call("GET", f"/{realm}/users/{number}/sessions"))
