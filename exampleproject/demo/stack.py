"""Everything that the demo starts, in the order in which it is needed."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.core.management import call_command

from exampleproject.demo import keycloak
from exampleproject.demo.processes import Served

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

USUAL_PORT = 8000
ORIGIN = "shop.example/impersonation"
_SERVICES = ("orders-api", "billing-api", "analytics-api")


@dataclass(frozen=True, slots=True)
class Stack:
    """What runs, and where."""

    issuer: str
    parcel: str
    """The issuer URL of the parcel service's provider."""
    shop: str
    services: Mapping[str, str]
    children: tuple[Served, ...]
    folder: Path
    """Where the databases and the key of the record are, until the end."""

    @property
    def studio(self) -> str:
        """The address of the other brand: the same shop by another name."""
        return self.shop.replace("127.0.0.1", "localhost")

    @property
    def database(self) -> Path:
        """The shop's SQLite database."""
        return self.folder / "shop.sqlite3"

    def manage(
        self, *arguments: str, told: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the shop, as whoever looks after it would."""
        return self.children[-1].manage(*arguments, told=told)

    def ended(self) -> str:
        """Return the name of a child that has ended by itself, "" while all run."""
        return next((child.name for child in self.children if child.has_ended()), "")


@contextmanager
def running(
    url: str | None, port: int | None, log_level: str, parcel_port: int = 0
) -> Iterator[Stack]:
    """Start Keycloak (unless it runs at `url`), the services and the shop.

    A Keycloak that runs already knows at which port the parcel service is; any other
    is told.

    Raises:
        DemoFailed: one of them cannot be started; the others are stopped again.
    """
    with ExitStack() as cleanup:
        known = keycloak.issuer_at(url) if url is not None else ""
        provider = cleanup.enter_context(keycloak.parcel_service(parcel_port))
        issuer = known or cleanup.enter_context(keycloak.embedded(provider.url))
        parcel = keycloak.issuer_of_parcel(provider)
        folder = Path(
            cleanup.enter_context(TemporaryDirectory(prefix="kc_exchange-demo-"))
        )
        common = {
            "SHOP_ISSUER": issuer,
            "SHOP_PARCEL_ISSUER": parcel,
            "SHOP_DEBUG": "1",
            "SHOP_LOG_LEVEL": log_level,
        }
        services = [
            cleanup.enter_context(_service(name, folder, common)) for name in _SERVICES
        ]
        urls = {service.name: service.wait_until_up() for service in services}
        shop = cleanup.enter_context(_shop(folder, common, urls, port))
        yield Stack(
            issuer, parcel, shop.wait_until_up(), urls, (*services, shop), folder
        )


def _service(name: str, folder: Path, common: Mapping[str, str]) -> Served:
    module = name.replace("-", "_")
    return Served(
        name,
        f"exampleproject.{module}.settings",
        {**common, "SHOP_DATABASE_URL": f"sqlite:///{folder / module}.sqlite3"},
    )


def _shop(
    folder: Path, common: Mapping[str, str], urls: Mapping[str, str], port: int | None
) -> Served:
    return Served(
        "the shop",
        "exampleproject.settings",
        {
            **common,
            "SHOP_DATABASE_URL": f"sqlite:///{folder / 'shop'}.sqlite3",
            "SHOP_ORDERS_API_URL": urls["orders-api"],
            "SHOP_BILLING_API_URL": urls["billing-api"],
            "SHOP_ANALYTICS_API_URL": urls["analytics-api"],
            **_key(folder / "record.pem"),
        },
        _usual_or_free() if port is None else port,
        ["--seed"],
    )


def _key(path: Path) -> dict[str, str]:
    """Make the key that signs the record's checkpoints; it is gone with the demo."""
    said = StringIO()
    make = ("audit", "keygen", str(path), "--origin", ORIGIN)
    call_command("kc_exchange", *make, stdout=said)
    return {
        "SHOP_AUDIT_ORIGIN": ORIGIN,
        "SHOP_AUDIT_SIGNING_KEY": str(path),
        "SHOP_AUDIT_VERIFY_KEYS": said.getvalue().strip(),
    }


def _usual_or_free() -> int:
    """A port that can be remembered, unless somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", USUAL_PORT))
        except OSError:
            return 0
    return USUAL_PORT
