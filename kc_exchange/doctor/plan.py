"""Which realms are looked at, and what for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.doctor.seen import LEGACY, Seen
from kc_exchange.requirements import impersonates, server_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kc_exchange.conf import Downstream, Settings

_BESIDE = {"jwt-grant": "assertion", "cross-realm": "login"}
"""What a downstream of another realm wants of the user's own."""


def planned(
    settings: Settings,
    downstreams: Iterable[Downstream],
    users: list[str],
    *,
    whole: bool,
    has_target: bool,
) -> dict[str, Seen]:
    """Return the realms that these downstreams lead to, by their aliases.

    Args:
        settings: all that is configured.
        downstreams: those that are looked at.
        users: aliases of the realms whose users come.
        whole: whether all of the settings is looked at, so every realm.
        has_target: whether somebody is to be impersonated.
    """
    providers = settings.providers.values() if whole else ()
    acts = has_target or (whole and impersonates(settings))
    wants = _wants(settings, downstreams, users, acts=acts)
    for provider in providers:
        wants.setdefault(provider.realm, set()).add("external")
    legacy = _servers_with_legacy(settings)
    found = {}
    aliases = settings.realms if whole else wants
    for alias in sorted(aliases, key=lambda alias: alias != "default"):
        realm = settings.realm(alias)
        needs_legacy = has_target or server_of(realm) in legacy
        wanted = frozenset(wants.get(alias, ()))
        found[alias] = Seen(realm, wanted, needs_legacy=needs_legacy)
    return found


def _wants(
    settings: Settings,
    downstreams: Iterable[Downstream],
    users: list[str],
    *,
    acts: bool,
) -> dict[str, set[str]]:
    """Return what is asked of which realm: strategies, and what goes with them."""
    found: dict[str, set[str]] = {}
    for one in downstreams:
        for alias in [one.realm] if one.realm else users:
            found.setdefault(alias, set()).add(one.strategy)
        if one.strategy in _BESIDE:
            for alias in users:
                found.setdefault(alias, set()).add(_BESIDE[one.strategy])
    if acts:
        alias = settings.impersonation.realm
        found.setdefault(alias, set()).add("impersonation")
    return found


def _servers_with_legacy(settings: Settings) -> set[str]:
    """Return the servers where something, looked at or not, needs legacy exchange."""
    wants = _wants(
        settings,
        settings.downstreams.values(),
        [realm.alias for realm in settings.user_realms],
        acts=impersonates(settings),
    )
    needing = [alias for alias, kinds in wants.items() if not LEGACY.isdisjoint(kinds)]
    needing += [provider.realm for provider in settings.providers.values()]
    return {server_of(settings.realm(alias)) for alias in needing}
