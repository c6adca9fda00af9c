"""Run `manage.py kc_exchange provision` and look at what it says."""

from __future__ import annotations

import io
import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.provision.company import Company

ADMIN = {"KEYCLOAK_ADMIN_USERNAME": "admin", "KEYCLOAK_ADMIN_PASSWORD": "admin"}


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Have these credentials in the environment, and no others."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("KEYCLOAK_ADMIN")]:
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@dataclass
class Command:
    """The command, with the company's settings; all that it says is kept."""

    company: Company
    environment: dict[str, str] = field(default_factory=lambda: dict(ADMIN))
    """What of the administrator's credentials is in the environment."""
    said: list[str] = field(default_factory=list)
    """Everything that was printed, or would be, as an error."""

    def run(self, *options: object) -> str:
        """Run it; return what it printed."""
        out = io.StringIO()
        try:
            with self.company.in_use(), environment(self.environment):
                call_command("kc_exchange", "provision", *map(str, options), stdout=out)
        finally:
            self.said.append(out.getvalue())
        return out.getvalue()

    def fails(self, code: int, *options: object) -> tuple[str, str]:
        """Return what it printed, and the error's text, if it ends with `code`."""
        with pytest.raises(CommandError) as caught:
            self.run(*options)
        assert caught.value.returncode == code, str(caught.value)
        assert "Fix: " in str(caught.value)
        self.said.append(str(caught.value))
        return self.said[-2], str(caught.value)

    def apply(self) -> str:
        """Apply, though a server without some feature cannot do all of it."""
        with suppress(CommandError):
            self.run("--apply")
        return self.said[-1]

    def document(self, *options: object) -> dict[str, Any]:
        """Run it; return what it printed as JSON."""
        return dict(json.loads(self.run("--json", *options)))
