"""Checks of certificates, and of keys that tokens are bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Tags, register

from kc_exchange import conf, transport
from kc_exchange.checks.message import warning
from kc_exchange.exceptions import ExchangeMisconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage


@register(Tags.security)
def check_sender_constrained(**_kwargs: Any) -> list[CheckMessage]:
    """W029: certificates that cannot be read; W030: a key that nothing is bound to."""
    if conf.problems():
        return []
    parsed = conf.current()
    return [*_certificates(parsed), *_unused_keys(parsed)]


def _certificates(parsed: conf.Settings) -> Iterator[CheckMessage]:
    owners: list[conf.Realm | conf.Downstream] = [
        *parsed.realms.values(),
        *parsed.downstreams.values(),
    ]
    for owner in owners:
        if owner.certificate or owner.ca_bundle:
            try:
                transport.context_of(owner)
            except ExchangeMisconfigured as error:
                yield warning("W029", error.cause, error.fix)


def _unused_keys(parsed: conf.Settings) -> Iterator[CheckMessage]:
    bound = [one for one in parsed.downstreams.values() if one.dpop]
    named = {one.realm for one in bound}
    acting = parsed.impersonation.realm
    for realm in parsed.realms.values():
        asked = "" in named and (realm.users or realm.alias == acting)
        if realm.dpop_key and not asked and realm.alias not in named:
            yield warning(
                "W030",
                f"Realm {realm.alias!r} has a DPOP_KEY, and no token is bound to it.",
                "Set DPOP: True of each downstream whose tokens it is for, or leave "
                "the key out.",
            )
