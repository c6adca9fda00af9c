"""What `doctor` knows: an entry for each diagnosis, by its word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.doctor.catalogue.brokered import BROKERED
from kc_exchange.doctor.catalogue.client import CLIENT
from kc_exchange.doctor.catalogue.entry import Entry
from kc_exchange.doctor.catalogue.exchange import EXCHANGE
from kc_exchange.doctor.catalogue.impersonation import IMPERSONATION
from kc_exchange.doctor.catalogue.project import PROJECT
from kc_exchange.doctor.catalogue.server import SERVER
from kc_exchange.doctor.catalogue.subject import SUBJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CATALOGUE", "PARTS", "Entry"]

PARTS: Mapping[str, Mapping[str, Entry]] = {
    "the project": PROJECT,
    "the way to a realm": SERVER,
    "the requester": CLIENT,
    "the user's token": SUBJECT,
    "a downstream's token": EXCHANGE,
    "other issuers": BROKERED,
    "impersonation": IMPERSONATION,
}
CATALOGUE: Mapping[str, Entry] = {
    code: entry for part in PARTS.values() for code, entry in part.items()
}
