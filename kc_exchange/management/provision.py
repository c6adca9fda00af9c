"""`kc_exchange provision`: make Keycloak's realms what the settings need."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from kc_exchange import conf, provision
from kc_exchange.management.files import replaced
from kc_exchange.management.outcome import UNABLE, WRONG, explained, unable, wrong
from kc_exchange.management.provision_report import (
    Report,
    as_document,
    on_features,
    tell,
)
from kc_exchange.provision import features
from kc_exchange.requirements import impersonates

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from django.core.management.base import OutputWrapper

_APPLY = "Run `manage.py kc_exchange provision --apply`, or change the settings."


def add_to(groups: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Add the subcommand."""
    parser = groups.add_parser(
        "provision",
        help="make Keycloak's realms what KC_EXCHANGE needs",
        description="Show what Keycloak lacks for KC_EXCHANGE; change nothing. Exit 0: "
        "done; 1: --check found a difference; 2: could not be done. An administrator's "
        "credentials are environment variables: KEYCLOAK_ADMIN_USERNAME and "
        "KEYCLOAK_ADMIN_PASSWORD, or KEYCLOAK_ADMIN_CLIENT_ID and "
        "KEYCLOAK_ADMIN_CLIENT_SECRET.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--apply", action="store_true", help="do it")
    what.add_argument(
        "--check", action="store_true", help="exit with 1 if something differs"
    )
    what.add_argument(
        "--export",
        metavar="FOLDER",
        type=Path,
        help="write realm files to import instead, REALM-realm.json; asks no Keycloak, "
        "only providers of kind oidc for their endpoints",
    )
    parser.add_argument(
        "--with-secrets",
        action="store_true",
        help="with --export: secrets as they are, not as names of variables",
    )
    parser.add_argument(
        "--realm",
        metavar="ALIAS",
        action="append",
        default=[],
        help="one of REALMS, with all that share its issuer; all if left out",
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        default="",
        help="where Keycloak is; what stands before /realms/ in ISSUER or "
        "DISCOVERY_URL if left out",
    )
    parser.add_argument(
        "--admin-realm",
        metavar="REALM",
        default="master",
        help="where the administrator logs in (master)",
    )
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")
    parser.set_defaults(run=run)


def run(stdout: OutputWrapper, options: dict[str, Any]) -> None:
    """Plan, apply, check or export, as the options say."""
    if options["export"] is not None:
        _export(stdout, options)
        return
    if options["with_secrets"]:
        raise unable("--with-secrets changes nothing here.", "Add --export FOLDER.")
    try:
        with explained():
            report = _report(options)
    except CommandError as error:
        if options["json"]:
            said = {"exit_code": UNABLE, "error": str(error)}
            stdout.write(json.dumps(said, indent=2))
        raise
    if options["json"]:
        document = as_document(report, _exit_code(report, options))
        stdout.write(json.dumps(document, indent=2))
    else:
        tell(stdout, report)
    _end(report, options)


def _report(options: dict[str, Any]) -> Report:
    parsed = conf.current()
    realms = provision.chosen_realms(parsed, options["realm"])
    access = provision.access(
        realms,
        os.environ,
        server=options["server"],
        admin_realm=options["admin_realm"],
    )
    wanted = _desired(parsed, options)
    server = provision.Server(access)
    needed = features.needed(parsed, impersonates=impersonates(parsed))
    lacking = features.missing(needed, server.info())
    if options["apply"]:
        done = provision.apply(server, wanted)
    else:
        done = provision.Done(provision.planned(server, wanted))
    return Report(
        server=server.url,
        realms=tuple(one.name for one in wanted),
        changes=tuple(done.changes),
        blocked=tuple(done.blocked),
        needed=features.to_name(needed, lacking),
        missing=lacking,
        applied=options["apply"],
    )


def _desired(
    parsed: conf.Settings, options: dict[str, Any]
) -> Sequence[provision.Wanted]:
    return provision.desired(
        parsed, impersonates=impersonates(parsed), aliases=options["realm"]
    )


def _exit_code(report: Report, options: dict[str, Any]) -> int:
    if options["check"] and (report.changes or report.missing):
        return WRONG
    return UNABLE if options["apply"] and report.missing else 0


def _end(report: Report, options: dict[str, Any]) -> None:
    start = f"Start Keycloak anew with --features={','.join(report.needed)}."
    code = _exit_code(report, options)
    if code == WRONG:
        steps = [start] * bool(report.missing) + [_APPLY] * bool(report.changes)
        raise wrong(report.verdict, " ".join(steps))
    if code == UNABLE:
        again = " Then run it again." if report.blocked else ""
        raise unable(report.verdict, start + again)


def _export(stdout: OutputWrapper, options: dict[str, Any]) -> None:
    parsed = conf.current()
    documents, placeholders = provision.exported(
        _desired(parsed, options), with_secrets=options["with_secrets"]
    )
    folder: Path = options["export"]
    folder.mkdir(exist_ok=True)
    for name, document in documents.items():
        path = folder / f"{name}-realm.json"
        with replaced(path, private=options["with_secrets"]) as file:
            file.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        stdout.write(f"Wrote {path}.")
    used = features.needed(parsed, impersonates=impersonates(parsed))
    stdout.write(on_features(features.to_name(used, ())))
    if placeholders:
        stdout.write(
            "Import them by --import-realm, which alone puts secrets in their place, "
            "from these environment variables of Keycloak's. One that is not set stays "
            "as it is written:"
        )
    for variable in placeholders:
        stdout.write(f"  {variable}")
