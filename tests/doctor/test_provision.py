"""What `doctor` says of `provision`: run it, and see whether it is so."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from kc_exchange.doctor.catalogue import CATALOGUE
from kc_exchange.doctor.catalogue.entry import NO
from tests.doctor.broken import ROWS
from tests.doctor.test_broken import arguments_of, configured, found_by, told
from tests.doctor.world import world
from tests.real_keycloak import administrator

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doctor.broken.row import Broken
    from tests.doctor.kinds import Kind

NEVER = {"scope_wider", "operator_role_missing", "client_not_oidc"}
"""What `provision` might be thought to set right, and does not."""
TABLE = [
    kind.param(row, name=row.name)
    for row in ROWS
    for kind in row.kinds()
    if kind.real
    and row.provision is not None
    and (CATALOGUE[row.code].provision is not NO or row.code in NEVER)
]


@pytest.mark.parametrize(("kind", "row"), TABLE)
def test_provision__sets_right_what_doctor_says(
    kind: Kind,
    row: Broken,
    partner: str,
    examined: Callable[..., Any],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After `--apply` the finding is gone; one that does not promise it is not."""
    with world(kind, partner, row.changes, annex=row.needs_annex) as broken:
        settings.KC_EXCHANGE = configured(broken, row)
        settings.ROOT_URLCONF = "tests.admin.office"
        aliases = [] if row.needs_annex else ["--realm", "default"]
        done = applied(monkeypatch, *aliases)
        token = row.token.obtain(broken) if row.token else None

        report = examined(*arguments_of(row), token=token)

    assert (found_by(row, report) == []) is row.provision, f"{done}\n{told(report)}"


def applied(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """Run `provision --apply` as an administrator, and return what it says."""
    name, password = administrator()
    out = io.StringIO()
    with monkeypatch.context() as environment:
        environment.setenv("KEYCLOAK_ADMIN_USERNAME", name)
        environment.setenv("KEYCLOAK_ADMIN_PASSWORD", password)
        try:
            call_command("kc_exchange", "provision", "--apply", *arguments, stdout=out)
        except CommandError as error:
            return f"{out.getvalue()}\n{error}"
    return out.getvalue()
