"""What an entry of the catalogue is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kc_exchange.doctor.findings import State

REALM = "KC_EXCHANGE['REALMS']['{realm}']"
DOWNSTREAM = "KC_EXCHANGE['DOWNSTREAMS']['{downstream}']"
CAPABILITY = "Clients > {client} > Capability config"


class Entry(NamedTuple):
    """What is known of one diagnosis, beyond what an error says itself.

    Names in braces are filled in. Without `cause` and `fix` those of the error stand.
    """

    cause: str = ""
    fix: str = ""
    setting: str = ""
    console: str = ""
    provision: bool = False
    """Whether the `provision` command would set it right."""
    state: State = "wrong"
