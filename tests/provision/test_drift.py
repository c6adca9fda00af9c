"""Whatever is broken by hand, `--check` names, and `--apply` puts right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.provision.breaks import Hands
from tests.provision.breaks_in_acme import breaks as in_acme
from tests.provision.breaks_in_shared import breaks as in_shared
from tests.provision.kinds import SMALL, on
from tests.real_keycloak import PERMISSIONS

if TYPE_CHECKING:
    from tests.provision.commands import Command
    from tests.provision.real import Keycloak


BREAKS = in_acme.known | in_shared.known


@on(SMALL, PERMISSIONS)
@pytest.mark.parametrize("name", BREAKS)
def test_check__names_what_was_broken(
    keycloak: Keycloak, provisioned: Command, name: str
) -> None:
    said, break_it = BREAKS[name]
    names = provisioned.company.names
    break_it(Hands(keycloak, names["acme"], names["shared"]))

    out, error = provisioned.fails(1, "--check")
    done = provisioned.run("--apply")

    assert said in out
    assert error.startswith("Not as wanted: ")
    assert said in done
    assert provisioned.run("--check").startswith("Nothing to change")
