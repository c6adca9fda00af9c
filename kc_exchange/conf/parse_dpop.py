"""Compare the downstreams whose tokens are bound with the realms that have keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.conf.reader import Problem
from kc_exchange.private_keys import loaded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kc_exchange.conf.reader import Reader
    from kc_exchange.conf.values import Downstream, Realm


def proof_keys(
    top: Reader,
    realms: Mapping[str, Realm],
    downstreams: Iterable[Downstream],
    impersonates: str,
) -> None:
    """Note each DPOP_KEY that is no key, and each that is missing.

    `impersonates` is the alias of the realm whose client asks while somebody acts as a
    user; empty where nobody does.
    """
    for realm in realms.values():
        if realm.dpop_key and not _is_key(realm.dpop_key):
            hint = (
                "Give the text of an EC, Ed25519 or RSA key in PEM form, without a "
                "passphrase; EC P-256 suits every server."
            )
            _wrong(top, "E034", realm, "is no private key in PEM form", hint)
    asking = {alias for alias, realm in realms.items() if realm.users}
    asking |= {impersonates} & set(realms)
    bound = [one for one in downstreams if one.dpop]
    asked = {alias for one in bound for alias in ({one.realm} if one.realm else asking)}
    for realm in (realms[alias] for alias in sorted(asked & set(realms))):
        if not realm.dpop_key.strip():
            names = sorted(one.name for one in bound if one.realm in ("", realm.alias))
            hint = (
                "Make one with `openssl genpkey -algorithm EC -pkeyopt "
                "ec_paramgen_curve:P-256` and give every process the same; or leave "
                f"DPOP out of {names}."
            )
            _wrong(top, "E033", realm, "is missing, and tokens are bound to it", hint)


def _wrong(top: Reader, number: str, realm: Realm, what: str, hint: str) -> None:
    where = f"KC_EXCHANGE['REALMS'][{realm.alias!r}]['DPOP_KEY']"
    top.found.append(Problem(number, f"{where} {what}.", hint))


def _is_key(pem: str) -> bool:
    try:
        loaded(pem)
    except (ValueError, TypeError):
        return False
    return True
