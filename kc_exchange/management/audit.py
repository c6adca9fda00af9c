"""`kc_exchange audit`: verify, checkpoint, export and keygen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connections

from kc_exchange.impersonation.audit.export import FORMATS
from kc_exchange.management import audit_export, audit_keys, audit_verify

if TYPE_CHECKING:
    import argparse


def add_to(groups: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Add `audit` and its subcommands."""
    group = groups.add_parser("audit", help="the record of impersonations")
    commands = group.add_subparsers(required=True, metavar="SUBCOMMAND")
    _verify(commands.add_parser("verify", help="say whether the record is sound"))
    _checkpoint(commands.add_parser("checkpoint", help="sign the record as it is"))
    _export(commands.add_parser("export", help="write the events for other programs"))
    _keygen(commands.add_parser("keygen", help="make a key that signs checkpoints"))


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check every event, link and grant. Exit 0: sound; 1: tampered with; 2: "
        "cannot tell."
    )
    parser.add_argument(
        "--since",
        metavar="CHECKPOINT_FILE",
        type=Path,
        help="check only the hashes of what this checkpoint covers, all of the rest",
    )
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        help="signed checkpoints that the record must agree with",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    _database(parser)
    parser.set_defaults(run=audit_verify.verify_record)


def _checkpoint(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Verify the record, then sign its size and root. Nothing is signed that "
        "disagrees with the former checkpoint. Exit 0, 1 and 2 as for verify."
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="write it there; a checkpoint that is there already is the former one",
    )
    parser.add_argument(
        "--previous", metavar="FILE", type=Path, help="the former checkpoint"
    )
    _database(parser)
    parser.set_defaults(run=audit_verify.sign_record)


def _export(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write the events in their order: NDJSON (ecs, ocsf) or CSV."
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument(
        "--from",
        dest="after",
        metavar="TIME",
        type=_moment,
        help="first moment: 2026-01-31, or 2026-01-31T08:00:00+02:00 (else UTC)",
    )
    parser.add_argument(
        "--to", dest="before", metavar="TIME", type=_moment, help="first moment after"
    )
    parser.add_argument("--operator", default="", help="id or name")
    parser.add_argument("--target", default="", help="id or name")
    parser.add_argument("--grant", type=UUID, help="id of a grant")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="write it there, mode 0600"
    )
    _database(parser)
    parser.set_defaults(run=audit_export.export_record)


def _keygen(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write a new Ed25519 private key, and print its verifier key for VERIFY_KEYS."
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="must not exist yet")
    parser.add_argument(
        "--origin", help="name of the record; that of the settings if left out"
    )
    parser.set_defaults(run=audit_keys.make_key)


def _database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database",
        metavar="ALIAS",
        choices=tuple(connections),
        help="alias in DATABASES; that of the record if left out",
    )


def _moment(text: str) -> datetime:
    """Raises ValueError, which argparse explains."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
