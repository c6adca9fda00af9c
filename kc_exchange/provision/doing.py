"""Look at the realms, and make them what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kc_exchange.provision.change import Change, Phase
from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.provision.found import Found, find
from kc_exchange.provision.planning import plan
from kc_exchange.provision.server import FeatureOff

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kc_exchange.provision.draft import Wanted
    from kc_exchange.provision.server import Server


@dataclass(slots=True)
class Done:
    """What was done, and what a feature of the server is missing for."""

    changes: list[Change] = field(default_factory=list)
    blocked: list[Change] = field(default_factory=list)


def planned(server: Server, wanted: Iterable[Wanted]) -> list[Change]:
    """Return what is not as wanted; change nothing.

    Raises:
        ProvisionFailed: the server cannot be read.
    """
    known = list(wanted)
    return plan(known, {one.name: _found(server, one) for one in known})


def apply(server: Server, wanted: Sequence[Wanted]) -> Done:
    """Do what is not as wanted, and look again whether it is now.

    A realm that is new is looked at once it is there: what its Keycloak gives a realm
    depends on its version.

    Raises:
        ProvisionFailed: Keycloak refuses a change, or takes it and ignores it.
    """
    done = Done()
    changes = planned(server, wanted)
    new = [c for c in changes if c.phase is Phase.REALM and c.creates]
    if new:
        _do(server, new, done)
        changes = planned(server, wanted)
    _do(server, changes, done)
    if done.changes:
        _verify(planned(server, wanted), done)
    return done


def _found(server: Server, wanted: Wanted) -> Found:
    return find(server.realm(wanted.name), wanted)


def _do(server: Server, changes: Iterable[Change], done: Done) -> None:
    for change in sorted(changes, key=lambda one: one.phase):
        try:
            change.act.send(server.realm(change.realm))
        except FeatureOff:
            done.blocked.append(change)
        except ProvisionFailed as error:
            raise ProvisionFailed(
                f"{change.place} of realm {change.realm!r}: {error.cause} "
                f"{_said(done.changes)}",
                f"{error.fix} Then run it again: what is done stays.",
            ) from error
        else:
            done.changes.append(change)


def _said(changes: Sequence[Change]) -> str:
    known = [f"{change.place} of realm {change.realm!r}" for change in changes]
    which = f": {', '.join(known)}" if known else ""
    return f"Changes made before: {len(known)}{which}."


def _verify(left: Iterable[Change], done: Done) -> None:
    blocked = {(one.realm, one.place) for one in done.blocked}
    ignored = [one for one in left if (one.realm, one.place) not in blocked]
    if ignored:
        where = ", ".join(f"{one.place} of realm {one.realm!r}" for one in ignored[:5])
        raise ProvisionFailed(
            f"Keycloak took the changes without an error, and yet is not as wanted: "
            f"{where}.",
            "Run it without --apply to see what; this version of Keycloak may not know "
            "it, or may hold it to a rule of its own.",
        )
