"""What `provision` sets right or not, depending on the settings: rules, by case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kc_exchange import conf
from kc_exchange.doctor.catalogue.entry import NO, yes_if
from kc_exchange.requirements import BUILT_IN, impersonates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Realm
    from kc_exchange.doctor.catalogue.entry import Names, Provision

_EVERYWHERE = "openid"
"""The scope that no client lacks."""
_ALIAS = re.compile(r"[\w.-]+")
"""Aliases that Keycloak takes without ado; a URL is none."""


def audience_at_login(names: Names) -> Provision:
    """It lets the project's own clients in, where one exchanges another's tokens."""
    settings = conf.current()
    asking = settings.realms.get(names.get("realm", ""))
    if asking is None or not _takes_tokens_of_others(asking):
        return NO
    clients = {realm.client_id for realm in _logins(asking)} - {asking.client_id}
    return yes_if(names.get("login_client") in clients)


def _takes_tokens_of_others(realm: Realm) -> bool:
    settings = conf.current()
    acts = impersonates(settings) and settings.impersonation.realm == realm.alias
    return acts or any(
        one.strategy == "exchange" and one.realm == realm.alias
        for one in settings.downstreams.values()
    )


def _logins(asking: Realm) -> Iterator[Realm]:
    settings = conf.current()
    realms = settings.user_realms
    if impersonates(settings):
        realms = (*realms, settings.realm(settings.impersonation.realm))
    for realm in realms:
        if realm.issuer == asking.issuer:
            yield realm


def scopes(names: Names) -> Provision:
    """It makes scopes of the project's own; those of Keycloak's it takes as given."""
    asked = set(names.get("scopes", "").split())
    return yes_if(asked.isdisjoint(BUILT_IN - {_EVERYWHERE}))


def provider(names: Names) -> Provision:
    """It makes a realm's provider and those of PROVIDERS; no other is known to it."""
    settings = conf.current()
    alias = names.get("provider", "")
    downstream = settings.downstreams.get(names.get("downstream", ""))
    if downstream is not None and downstream.strategy == "cross-realm":
        return yes_if(_ALIAS.fullmatch(alias) is not None)
    known = settings.providers.get(alias)
    asked = settings.realms.get(names.get("realm", ""))
    if known is None or asked is None:
        return NO
    return yes_if(settings.realm(known.realm).issuer == asked.issuer)


def type_claim(names: Names) -> Provision:
    """It lets OpenID Connect providers that are no Keycloak leave `typ` out."""
    known = conf.current().providers.get(names.get("provider", ""))
    return yes_if(known is not None and known.kind == "oidc")
