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
    acting = realms.get(impersonates)
    asked: dict[str, list[str]] = {}
    for one in sorted((d for d in downstreams if d.dpop), key=lambda d: d.name):
        for alias in _asking(one, realms, acting):
            asked.setdefault(alias, []).append(one.name)
    for alias, names in sorted(asked.items()):
        realm = realms[alias]
        if not realm.dpop_key.strip():
            hint = (
                "Make one with `openssl genpkey -algorithm EC -pkeyopt "
                "ec_paramgen_curve:P-256` and give every process the same; or leave "
                f"DPOP out of {names}."
            )
            _wrong(top, "E033", realm, "is missing, and tokens are bound to it", hint)


def _asking(
    downstream: Downstream, realms: Mapping[str, Realm], acting: Realm | None
) -> set[str]:
    """Return the realms as whose clients its tokens are asked for.

    Under a grant the client that impersonates asks for those of its issuer.
    """
    if downstream.realm:
        asking = {downstream.realm} & set(realms)
    else:
        asking = {alias for alias, realm in realms.items() if realm.users}
        asking |= {acting.alias} if acting else set()
    issuers = {realms[alias].issuer for alias in asking}
    if acting and downstream.strategy == "exchange" and acting.issuer in issuers:
        asking.add(acting.alias)
    return asking


def _wrong(top: Reader, number: str, realm: Realm, what: str, hint: str) -> None:
    where = f"KC_EXCHANGE['REALMS'][{realm.alias!r}]['DPOP_KEY']"
    top.found.append(Problem(number, f"{where} {what}.", hint))


def _is_key(pem: str) -> bool:
    try:
        loaded(pem)
    except (ValueError, TypeError):
        return False
    return True
