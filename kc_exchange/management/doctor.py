"""`kc_exchange doctor`: what holds on a token's way, what does not, and why."""

from __future__ import annotations

import argparse
import json
import sys
from math import inf
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.views.decorators.debug import sensitive_variables

from kc_exchange import doctor
from kc_exchange.management.outcome import UNABLE, explained, unable, wrong

if TYPE_CHECKING:
    from django.core.management.base import OutputWrapper

    from kc_exchange.doctor import Report


def add_to(groups: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Add the subcommand."""
    parser = groups.add_parser(
        "doctor",
        help="say why Keycloak refuses, and what sets it right",
        description="Go the way that a token goes and say at each step what holds, "
        "what does not, why, and how to mend it. Exit 0: nothing wrong "
        "was found, though some may not have been examined; 1: something is wrong; 2: "
        "it could not be examined. No administrator of Keycloak is needed.",
    )
    parser.add_argument(
        "--audience",
        default="",
        metavar="NAME",
        help="a key of DOWNSTREAMS: this alone",
    )
    parser.add_argument(
        "--user-token-stdin",
        action="store_true",
        help="read a user's access token from standard input, and try with it",
    )
    parser.add_argument(
        "--target",
        default="",
        metavar="SUB",
        help="impersonate this user with the token, an operator's, for a moment: the "
        "user's id at Keycloak (`sub`), not the username",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=inf,
        metavar="SECONDS",
        help="examine no longer than this (as long as it takes)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


def run(stdout: OutputWrapper, options: dict[str, Any]) -> None:
    """Examine, print the report, and end with the exit code."""
    try:
        with explained():
            report = _examined(options)
    except CommandError as error:
        if options["json"]:
            nothing = doctor.Report(findings=(), is_usable=False)
            stdout.write(_document(nothing, str(error)))
        raise
    if options["json"]:
        stdout.write(_document(report, doctor.summary(report)))
    else:
        stdout.write("\n".join(doctor.lines(report)))
    _end(report)


@sensitive_variables()
def _examined(options: dict[str, Any]) -> Report:
    if options["target"] and not options["user_token_stdin"]:
        raise unable(
            "--target is for an operator's token, and none is handed in.",
            "Add --user-token-stdin, and pipe the operator's access token in.",
        )
    token = _token() if options["user_token_stdin"] else ""
    return doctor.examine(
        token,
        audience=options["audience"],
        target=options["target"],
        seconds=options["timeout"],
    )


def _document(report: Report, verdict: str) -> str:
    return json.dumps({**report.as_dict(), "verdict": verdict}, indent=2)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _token() -> str:
    token = sys.stdin.read().strip()
    if not token:
        raise unable(
            "Standard input holds no token.",
            "Pipe a user's access token in: `... doctor --user-token-stdin < FILE`.",
        )
    return token


def _end(report: Report) -> None:
    first = next(report.of("wrong"), None)
    if first is None:
        return
    end = unable if report.exit_code == UNABLE else wrong
    raise end(f"{first.about}, {first.step}: {first.cause}", first.fix)
