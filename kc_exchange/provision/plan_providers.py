"""Plan identity providers, their mappers, and who may exchange their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision.change import Change, Phase
from kc_exchange.provision.compare import Difference
from kc_exchange.provision.conflicts import refuse_another
from kc_exchange.provision.documents import named, settled
from kc_exchange.provision.failure import unknown_provider
from kc_exchange.provision.found import PROVIDERS
from kc_exchange.provision.parts import Part, planned
from kc_exchange.provision.permissions import Permit
from kc_exchange.provision.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.sheet import Sheet

_SECRET = ("config", "clientSecret")


def providers(sheet: Sheet, new: Mapping[Shared, Any]) -> Iterator[Change]:
    """Plan the providers; `new` are the secrets that clients are going to have.

    Raises:
        ProvisionFailed: one is missing, and nothing says what it is, or it is of
            another kind.
    """
    for alias, wanted, whole, found in sheet.parts("identityProviders", "alias"):
        if found is None and "providerId" not in wanted:
            raise unknown_provider(sheet.realm, alias)
        secret = _secret(wanted, whole, found, new)
        part = Part(
            realm=sheet.realm,
            phase=Phase.SHARED_SECRETS if secret else Phase.PROVIDERS,
            kind="provider",
            place=f"Identity providers > {alias}",
            wanted=_of_its_issuer(wanted, found),
            whole=whole,
            found=found,
            above=PROVIDERS,
            path=(*PROVIDERS, alias),
            also=secret,
        )
        refuse_another(part, "providerId")
        yield from planned(part)


def mappers(sheet: Sheet) -> Iterator[Change]:
    """Plan the mappers of providers."""
    for wanted in sheet.wanted.get("identityProviderMappers", ()):
        alias, name = wanted["identityProviderAlias"], wanted["name"]
        kind = "identityProviderMappers"
        found = named(sheet.found.get(kind, ()), kind, alias, name)
        yield from planned(
            Part(
                realm=sheet.realm,
                phase=Phase.PROVIDERS,
                kind=kind,
                place=f"Identity providers > {alias} > Mappers > {name}",
                wanted=wanted,
                whole=wanted,
                found=found,
                above=(*PROVIDERS, alias, "mappers"),
                path=(*PROVIDERS, alias, "mappers", (found or {}).get("id", "")),
            )
        )


def permissions(
    realm: str,
    wanted: Mapping[str, frozenset[str]],
    found: Mapping[str, frozenset[str] | None],
) -> Iterator[Change]:
    """Plan who may exchange the tokens of which provider."""
    for alias, clients in wanted.items():
        has = found.get(alias) or frozenset()
        more = tuple(sorted(clients - has))
        if more:
            before, after = sorted(has), sorted(has | clients)
            yield Change(
                realm=realm,
                phase=Phase.PERMISSIONS,
                kind="permission",
                place=f"Identity providers > {alias}",
                members=(Difference(("clients",), before, after),),
                act=Permit(alias, more),
            )


def _of_its_issuer(wanted: Document, found: Document | None) -> Document:
    """Want the endpoints, whatever there is, where they are another issuer's."""
    config = wanted.get("config", {})
    before = (found or {}).get("config", {}).get("issuer")
    if "issuer" not in config or before == config["issuer"]:
        return wanted
    return {**wanted, "config": settled(config)}


def _secret(
    wanted: Document,
    whole: Document,
    found: Document | None,
    new: Mapping[Shared, Any],
) -> tuple[Difference, ...]:
    """The secret goes with the client: Keycloak shows neither, so it is set anew."""
    if found is None:
        return ()
    secret = whole.get("config", {}).get("clientSecret")
    before = found.get("config", {})
    other = wanted.get("config", {}).get("clientId") not in (
        None,
        before.get("clientId"),
    )
    after = new.get(secret) if isinstance(secret, Shared) else None
    if secret is not None and (other or after is not None):
        known = before.get("clientSecret")
        return (Difference(_SECRET, known, secret if after is None else after),)
    return ()
