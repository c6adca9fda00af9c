"""`kc_exchange audit verify` and `kc_exchange audit checkpoint`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from kc_exchange.impersonation.audit.checkpoint import (
    Checkpoint,
    origin,
    sign_checkpoint,
    signer,
    verifiers,
)
from kc_exchange.impersonation.audit.verify import verify
from kc_exchange.management.files import replaced
from kc_exchange.management.outcome import UNABLE, explained, unable, wrong

if TYPE_CHECKING:
    from pathlib import Path

    from django.core.management.base import OutputWrapper

    from kc_exchange.impersonation.audit.report import Report

_FIX = (
    "Keep the database as it is, and compare the record with an export or a backup "
    "from before; whoever could write to the database as its owner could do this."
)
_NEWER = "Verify with the newest kc_exchange that wrote to this record."


def verify_record(stdout: OutputWrapper, options: dict[str, Any]) -> None:
    """Verify the record, print what was found, and end with the exit code."""
    try:
        with explained():
            report = verify(
                using=options["database"],
                checkpoints=[path.read_bytes() for path in options["checkpoint"]],
                since=options["since"] and options["since"].read_bytes(),
            )
    except CommandError as error:
        if options["json"]:
            said = {
                "sound": None,
                "exit_code": UNABLE,
                "verdict": f"Cannot tell. {error}",
            }
            stdout.write(json.dumps(said, indent=2))
        raise
    if options["json"]:
        stdout.write(json.dumps(report.as_dict(), indent=2))
    else:
        _tell(stdout, report)
    _end(report)


def sign_record(stdout: OutputWrapper, options: dict[str, Any]) -> None:
    """Verify the record, sign it, and write or print the checkpoint."""
    key, name = signer(), origin()
    if key.verifier not in verifiers():
        raise unable(
            "The signing key is not one of VERIFY_KEYS, so nobody would believe it.",
            f"Add {key.verifier} to KC_EXCHANGE['AUDIT']['VERIFY_KEYS'].",
        )
    output: Path | None = options["output"]
    former = [options["previous"]] if options["previous"] else []
    if output is not None and output.exists():
        former.append(output)
    notes = [path.read_bytes() for path in former]
    report = verify(
        using=options["database"],
        checkpoints=notes[1:],
        since=notes[0] if notes else None,
    )
    _end(report, "Nothing is signed. ")
    note = sign_checkpoint(Checkpoint(name, report.size, report.root), key)
    if output is None:
        stdout.write(note)
        return
    with replaced(output) as file:
        file.write(note)
    stdout.write(f"Signed {report.size} events; keep {output} on another machine.")


def _end(report: Report, before: str = "") -> None:
    if report.counts:
        raise wrong(before + report.verdict, _FIX)
    if report.unable:
        raise unable(f"{before}Cannot tell. {report.unable[0]}", _NEWER)


def _tell(stdout: OutputWrapper, report: Report) -> None:
    if report.is_sound:
        stdout.write(report.verdict)
    for finding in report.findings:
        where = "-" if finding.seq is None else finding.seq
        stdout.write(f"{finding.reason} {where}: {finding.sentence}")
    hidden = sum(report.counts.values()) - len(report.findings)
    if hidden:
        stdout.write(f"... and {hidden} more")
    if report.checkpoints:
        stdout.write(f"Checkpoints that agree: {report.checkpoints}.")
    for warning in report.warnings:
        stdout.write(f"Warning: {warning}")
    for note in report.notes:
        stdout.write(f"Note: {note}")
