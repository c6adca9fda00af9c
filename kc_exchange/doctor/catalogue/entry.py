"""What an entry of the catalogue is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kc_exchange.doctor.findings import State

Names = Mapping[str, str]
"""What is filled in: "realm", "client", "downstream", "provider", and so on."""

REALM = "KC_EXCHANGE['REALMS']['{realm}']"
DOWNSTREAM = "KC_EXCHANGE['DOWNSTREAMS']['{downstream}']"
CAPABILITY = "Clients > {client} > Capability config"


class Provision(Enum):
    """Whether `provision --apply` sets something right."""

    YES = "yes"
    NO = "no"
    PERHAPS = "perhaps"
    """Of what may be wrong, some is of its doing; which it is, it sees, not we."""


YES, NO, PERHAPS = Provision


def yes_if(condition: bool) -> Provision:  # noqa: FBT001 - the sentence has it at its end
    """Return YES or NO."""
    return YES if condition else NO


class Entry(NamedTuple):
    """What is known of one diagnosis, beyond what an error says itself.

    Names in braces are filled in. Without `cause` and `fix` those of the error stand.
    """

    cause: str = ""
    fix: str = ""
    setting: str = ""
    console: str = ""
    provision: Provision | Callable[[Names], Provision] = NO
    """Or a function of the names that tells it of the case at hand."""
    state: State = "wrong"
