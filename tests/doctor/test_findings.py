"""Findings and reports as values, and the words they are written in."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from kc_exchange.doctor import Finding, Report, lines
from kc_exchange.doctor.chart import Chart
from kc_exchange.exceptions import AudienceNotAvailable, ExchangeMisconfigured

if TYPE_CHECKING:
    from kc_exchange.doctor.findings import State


def finding(
    state: State = "wrong", about: str = "realm default", **more: str
) -> Finding:
    """Return a finding with all that one can say."""
    said = {
        "step": "requester",
        "code": "switch_off",
        "cause": "Standard token exchange is off for client django-app.",
        "fix": "Switch it on.",
        "setting": "KC_EXCHANGE['REALMS']['default']['CLIENT_ID']",
        "console": "Clients > django-app > Capability config",
        **more,
    }
    return Finding(about=about, state=state, provision=True, **said)


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ((), 0),
        (("ok",), 0),
        (("ok", "warning", "unknown"), 0),
        (("ok", "wrong"), 1),
    ],
)
def test_report__exit_code(states: tuple[State, ...], code: int) -> None:
    """Only what is wrong makes it 1."""
    report = Report(findings=tuple(map(finding, states)))

    assert report.exit_code == code


def test_report__of_settings_that_cannot_be_read() -> None:
    """Nothing else was looked at, so nobody can tell."""
    assert Report(findings=(finding(),), is_usable=False).exit_code == 2


def test_report__has_a_block_for_each_thing() -> None:
    """A finding that comes late joins its block."""
    late = finding("ok", step="clock")
    report = Report(findings=(finding(), finding(about="downstream a"), late))

    assert list(report.blocks) == ["realm default", "downstream a"]
    assert [f.step for f in report.blocks["realm default"]] == ["requester", "clock"]


def test_report__as_a_dictionary() -> None:
    """What `--json` prints: exit code, counts, and each finding whole."""
    said = Report(findings=(finding(), finding("ok"))).as_dict()

    assert said["exit_code"] == 1
    assert said["counts"] == {"wrong": 1, "warning": 0, "unknown": 0, "ok": 1}
    assert set(said["findings"][0]) == {f.name for f in dataclasses.fields(Finding)}


def test_finding__is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding().state = "ok"  # type: ignore[misc]


def test_chart__fills_in_names() -> None:
    """Also names that have braces, and those that are only known by the step."""
    chart = Chart("downstream a", realm="default", client="app{x}", downstream="a")
    chart = chart.named(scopes="a:read", audience="a")

    found = chart.finding("exchange", "audience_mapper_missing", audiences="account")

    assert found.about == "downstream a"
    assert "client app{x} gets brings the audience a" in found.cause
    assert found.console.startswith("Client scopes > a:read > Mappers")
    assert found.setting == "KC_EXCHANGE['DOWNSTREAMS']['a']['SCOPES']"


def test_chart__prefers_the_words_of_the_error() -> None:
    """The catalogue speaks where the error says nothing of its own."""
    chart = Chart("downstream a", client="app", audience="a", audiences="account")
    own = ExchangeMisconfigured("Own cause.", "Own fix.", diagnosis="client_unknown")
    usual = ExchangeMisconfigured(diagnosis="client_unknown", error="invalid_client")

    assert chart.of("client", own).cause == "Own cause."
    assert chart.of("client", own).fix == "Own fix."
    assert chart.of("client", usual).cause.startswith("The realm has no client app")


def test_chart__knows_better_by_a_code() -> None:
    """What a step has found out replaces what the error says."""
    chart = Chart("downstream a", client="app", audience="a")
    error = AudienceNotAvailable("Cause.", "Fix.", diagnosis="audience_not_available")

    found = chart.of("exchange", error, "requester_lightweight")

    assert found.code == "requester_lightweight"
    assert "lightweight" in found.cause


def test_chart__of_an_error_that_nobody_explains() -> None:
    """One without a diagnosis, or with one of tomorrow, is a finding all the same."""
    for word in ("", "something_new"):
        found = Chart("a").of("keys", ExchangeMisconfigured("Why.", diagnosis=word))

        assert (found.code, found.state, found.cause) == (
            "unexplained",
            "wrong",
            "Why.",
        )
        assert found.fix


def test_chart__repeats_what_keycloak_said() -> None:
    """Its own words follow, without anything that looks like a token."""
    error = ExchangeMisconfigured(
        "Cause.",
        error="invalid_scope",
        description="Invalid scopes: eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        diagnosis="scope_unknown",
    )

    cause = Chart("a").of("exchange", error).cause

    assert cause == "Cause. Keycloak said: invalid_scope Invalid scopes: ***"


def test_lines__are_long_only_where_something_is_wrong() -> None:
    """One line for what holds; cause, fix, setting, console and code for the rest."""
    holds = finding("ok", cause="Accepted.", fix="", setting="", console="")
    skipped = Chart("realm default").skipped("keys", "it is away", "Start it.")
    report = Report(findings=(holds, finding(), skipped))

    assert list(lines(report)) == [
        "realm default",
        "  ok       requester: Accepted.",
        "  WRONG    requester: Standard token exchange is off for client django-app.",
        "           fix:     Switch it on.",
        "           setting: KC_EXCHANGE['REALMS']['default']['CLIENT_ID']",
        "           console: Clients > django-app > Capability config",
        "                    `manage.py kc_exchange provision --apply` sets it right.",
        "           [switch_off]",
        "  unknown  keys: Not examined, because it is away.",
        "           Start it.",
        "",
        "1 wrong, 1 not examined, 1 as it should be.",
    ]


def test_lines__fit_a_terminal() -> None:
    """Long sentences are broken at blanks, and long words are left whole."""
    url = "https://keycloak.example.com/" + "a" * 80
    report = Report(findings=(finding(cause=f"{'word ' * 60}{url} end."),))

    found = list(lines(report))

    assert all(len(line) <= 88 for line in found if url not in line)
    assert any(url in line for line in found)
