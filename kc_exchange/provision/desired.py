"""Gather what the settings, the realm files and the providers themselves say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision.access import name_of
from kc_exchange.provision.discovered import MEMBERS, endpoints_of
from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.provision.fragments import fragments
from kc_exchange.provision.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kc_exchange.conf import Provider, Realm, Settings
    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.draft import Wanted

MASTER = "master"


def desired(
    settings: Settings, *, impersonates: bool, aliases: Collection[str] = ()
) -> tuple[Wanted, ...]:
    """Return what is wanted of the realms with these aliases, of all if none is named.

    Providers of kind oidc are asked for their endpoints, unless a realm file has them.

    Raises:
        ExchangeMisconfigured: a key in the settings is none.
        ProvisionFailed: a file cannot be read, or a provider does not answer.
    """
    chosen = chosen_realms(settings, aliases)
    said = {
        alias: fragments(paths, name_of(settings.realm(alias)))
        for alias, paths in settings.realm_files.items()
    }
    known = wanted(
        settings,
        impersonates=impersonates,
        endpoints=_endpoints(settings, said, {realm.alias for realm in chosen}),
        fragments=said,
    )
    issuers = {realm.issuer for realm in chosen}
    return tuple(one for one in known if one.issuer in issuers)


def chosen_realms(settings: Settings, aliases: Collection[str]) -> list[Realm]:
    """Return the realms of these aliases, and those that share an issuer with them.

    Raises:
        ImproperlyConfigured: there is no such alias.
        ProvisionFailed: one of them is Keycloak's own.
    """
    named = [settings.realm(alias) for alias in aliases or settings.realms]
    issuers = {realm.issuer for realm in named}
    found = [r for r in settings.realms.values() if r.issuer in issuers]
    for realm in found:
        if name_of(realm) in ("", MASTER) or "/" in name_of(realm):
            raise ProvisionFailed(
                f"ISSUER of realm {realm.alias!r} leads to no realm of applications.",
                "Make it https://HOST/realms/NAME; master is for administrators alone.",
            )
    _refuse_same_name(found)
    return found


def _refuse_same_name(realms: Iterable[Realm]) -> None:
    known: dict[str, str] = {}
    for realm in realms:
        if known.setdefault(name_of(realm), realm.issuer) != realm.issuer:
            raise ProvisionFailed(
                f"Two servers have a realm {name_of(realm)!r}.",
                "Run it once for each, with --realm ALIAS.",
            )


def _endpoints(
    settings: Settings, said: Mapping[str, Iterable[Document]], aliases: set[str]
) -> dict[str, dict[str, str]]:
    found = {}
    for alias, provider in settings.providers.items():
        if provider.kind == "oidc" and provider.realm in aliases:
            config = _config(provider, settings, said)
            if not set(MEMBERS) <= set(config):
                bundle = settings.realm(provider.realm).ca_bundle
                found[alias] = endpoints_of(provider, bundle)
    return found


def _config(
    provider: Provider, settings: Settings, said: Mapping[str, Iterable[Document]]
) -> dict[str, Any]:
    """Return what the realm files say of a provider's configuration."""
    issuer = settings.realm(provider.realm).issuer
    config: dict[str, Any] = {}
    for alias, documents in said.items():
        if settings.realm(alias).issuer == issuer:
            for document in documents:
                for known in document.get("identityProviders", ()):
                    if known.get("alias") == provider.alias:
                        config |= known.get("config", {})
    return config
