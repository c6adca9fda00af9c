"""`manage.py kc_exchange doctor`: options, exit codes, and what it never says."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import execute_from_command_line

from kc_exchange import cache
from tests.doctor.double import double, refuses
from tests.doctor.kinds import Kind
from tests.doctor.tokens import Login
from tests.doctor.world import world
from tests.real_keycloak import STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable


EMBEDDED = Kind(STANDARD, real=False)


def test_doctor__of_unusable_settings(
    settings: Any, doctor: Callable[..., Any]
) -> None:
    """Exit 2: each mistake is named, and nothing else is looked at."""
    settings.KC_EXCHANGE = {"REALMS": {"default": {"ISSUER": "nowhere", "SECRET": 1}}}

    code, out = doctor()

    assert code == 2
    said = " ".join(out.split())
    assert "['ISSUER'] is not a URL. (kc_exchange.E003)" in said
    assert "['SECRET'] is no setting. (kc_exchange.E002)" in said
    assert "realm default" not in out


def test_doctor__of_unusable_settings_as_json(
    settings: Any, examined: Callable[..., Any]
) -> None:
    del settings.KC_EXCHANGE

    report = examined()

    assert report["exit_code"] == 2
    assert report["findings"][0]["code"] == "settings_unusable"
    assert report["findings"][0]["setting"] == "KC_EXCHANGE"


def test_doctor__of_an_empty_standard_input(doctor: Callable[..., Any]) -> None:
    """Exit 2, before anything is asked."""
    code, out = doctor(token=" \n")

    assert code == 2
    assert "Standard input holds no token." in out
    assert "Fix: Pipe a user's access token in" in out


def test_doctor__of_a_target_without_a_token(doctor: Callable[..., Any]) -> None:
    """Exit 2: nobody would be impersonated, and nothing would say so."""
    code, out = doctor("--target", "6d4b7c0e-3f3e-4c59-9d0c-0d3f2f6f7a01")

    assert code == 2
    assert "--target is for an operator's token, and none is handed in." in out
    assert "Fix: Add --user-token-stdin" in out


def test_doctor__of_no_such_downstream(doctor: Callable[..., Any]) -> None:
    """Exit 2; those that there are are named."""
    code, out = doctor("--audience", "order-api")

    assert code == 2
    assert "No downstream 'order-api' is configured." in out
    assert "orders-api" in out


@pytest.mark.parametrize(
    ("arguments", "token"),
    [(["--audience", "order-api"], None), ([], " "), (["--target", "x"], None)],
)
def test_doctor__of_what_it_cannot_examine_as_json(
    examined: Callable[..., Any], arguments: list[str], token: str | None
) -> None:
    """A program that reads the output gets an answer, too."""
    report = examined(*arguments, token=token)

    assert report["exit_code"] == 2
    assert report["findings"] == []
    assert report["counts"] == {"wrong": 0, "warning": 0, "unknown": 0, "ok": 0}
    assert "Fix: " in report["verdict"]


def test_doctor__has_one_form_as_json(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """What could be examined has the members of what could not."""
    with double(settings):
        report = examined("--audience", "orders-api")
    nothing = examined("--audience", "order-api")

    assert list(report) == list(nothing)
    assert report["verdict"].endswith("as it should be.")


def test_doctor__names_the_first_thing_that_is_wrong(
    settings: Any, doctor: Callable[..., Any]
) -> None:
    """The last lines are what a log of cron shows."""
    text = "Invalid client or Invalid client credentials"
    with double(settings, own=refuses(401, "unauthorized_client", text)):
        code, out = doctor("--audience", "orders-api")

    assert code == 1
    end = out.splitlines()[-2]
    assert end.startswith("realm default, client authentication: Keycloak does not acc")
    assert out.splitlines()[-1].startswith("Fix: Compare CLIENT_ID")


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--audience", "orders-api"], 0), (["--wrong"], 2)]
)
def test_doctor__exit_codes_of_the_command_line(
    settings: Any, arguments: list[str], code: int
) -> None:
    with double(settings):
        assert _exit_code(*arguments) == code


def _exit_code(*arguments: str) -> object:
    try:
        execute_from_command_line(["manage.py", "kc_exchange", "doctor", *arguments])
    except SystemExit as end:
        return end.code
    return 0


def test_doctor__takes_no_token_as_an_argument(capsys: Any) -> None:
    """A list of processes shows arguments to everybody."""
    assert _exit_code("--help") == 0

    said = capsys.readouterr().out
    assert "--user-token-stdin" in said
    assert "--user-token " not in said
    assert "Exit 0: nothing wrong was found, though some" in " ".join(said.split())


def test_doctor__says_and_logs_no_secret(
    partner: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing that looks like a token, and no secret, is printed, logged or kept."""
    caplog.set_level(logging.DEBUG)
    with world(EMBEDDED, partner) as sound:
        settings.KC_EXCHANGE = sound.settings()
        token = Login().obtain(sound)
        for arguments in (["--json"], [], ["--audience", "orders-api"]):
            monkeypatch.setattr("sys.stdin", io.StringIO(token))
            _exit_code("--user-token-stdin", *arguments)

    captured = capsys.readouterr()
    said = captured.out + captured.err + caplog.text
    assert json.JSONDecoder().raw_decode(captured.out)[0]["findings"]
    assert "eyJ" not in said
    assert "django-app-secret" not in said
    assert len(cache.tokens) == 0


def test_doctor__of_a_token_that_is_shown_nowhere(
    partner: str, settings: Any, doctor: Callable[..., Any]
) -> None:
    """A token that is refused is not repeated either."""
    with world(EMBEDDED, partner) as sound:
        settings.KC_EXCHANGE = sound.settings()
        for token in ("opaque-0123456789", "eyJhbGciOiJub25lIn0.e30.", "a.b.c"):
            code, out = doctor("--audience", "orders-api", token=token)

            assert code == 1
            assert token not in out


def test_doctor__trims_what_it_reads(
    partner: str, settings: Any, examined: Callable[..., Any]
) -> None:
    """A file ends with a newline."""
    with world(EMBEDDED, partner) as sound:
        settings.KC_EXCHANGE = sound.settings()
        token = Login().obtain(sound)

        report = examined("--audience", "orders-api", token=f"\n{token}\n")

    assert report["exit_code"] == 0
    assert "An access token of realm default" in str(report)
