"""Make Keycloak's realms what `KC_EXCHANGE` needs them to be.

`desired` says what is wanted, as realm documents; `planned` compares them with what a
server has; `apply` does the difference; `exported` writes the documents of new realms.
Nothing is ever deleted, and nothing that is not wanted is looked at.
"""

from __future__ import annotations

from kc_exchange.provision.access import access
from kc_exchange.provision.change import Change
from kc_exchange.provision.desired import chosen_realms, desired
from kc_exchange.provision.doing import Done, apply, planned
from kc_exchange.provision.draft import Wanted
from kc_exchange.provision.exporting import exported
from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.provision.server import Server

__all__ = [
    "Change",
    "Done",
    "ProvisionFailed",
    "Server",
    "Wanted",
    "access",
    "apply",
    "chosen_realms",
    "desired",
    "exported",
    "planned",
]
