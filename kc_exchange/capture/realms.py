"""Which realm a request belongs to, where a project has several: its tenants.

`REALM_OF_REQUEST` names a function `(request) -> str | None`: the alias of the one
realm whose people come with this request, or None for whichever of REALMS issued its
token. It is asked before a login, and for each token that is captured or validated.
Write your own where neither of these two fits, such as one that reads the path.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.http.request import split_domain_port
from django.utils.module_loading import import_string

from kc_exchange import conf
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    SubjectTokenRejected,
    UnknownRealm,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from kc_exchange.conf import Realm


BY_ISSUER = "kc_exchange.capture.realm_by_issuer"


def realm_by_issuer(request: HttpRequest) -> None:
    """Let each token say by its `iss` of which realm it is; the default."""
    del request


def realm_by_host(request: HttpRequest) -> str | None:
    """Return the realm whose HOSTS have the host of the request.

    Raises:
        UnknownRealm: none has it.
    """
    host, _ = split_domain_port(request.get_host())
    for alias, realm in conf.current().realms.items():
        if host in realm.hosts:
            return alias
    raise UnknownRealm.because("no realm has the host of the request")


def realm_of(request: HttpRequest) -> Realm | None:
    """Return the one realm that the request belongs to; None: any of REALMS.

    Raises:
        UnknownRealm: it belongs to none.
    """
    settings = conf.current()
    alias = _function(settings.realm_of_request)(request)
    return None if alias is None else settings.realm(alias)


def login_realm(request: HttpRequest | None) -> Realm:
    """Return the realm where whoever sends this request logs in.

    Raises:
        UnknownRealm: the request belongs to none.
    """
    own = None if request is None else realm_of(request)
    return own or conf.current().realm("default")


def realm_of_bearer(request: HttpRequest, issuer: object) -> Realm | None:
    """Return the realm of that issuer, as the client that the request belongs to.

    Raises:
        UnknownRealm: the request belongs to no realm.
    """
    own = realm_of(request)
    same = own is not None and own.issuer == issuer
    return own if same else conf.current().realm_of_issuer(issuer)


def realm_of_token(alias: str) -> Realm:
    """Return the realm that a user's token says it is of.

    Raises:
        ExchangeMisconfigured: it is not configured, or no longer.
    """
    found = conf.current().realms.get(alias)
    if found is None:
        raise ExchangeMisconfigured(
            f"The user's token is of realm {alias!r}, which is not configured.",
            "Add it to KC_EXCHANGE['REALMS'], or let CAPTURE name the right one.",
            realm=alias,
            diagnosis="realm_not_configured",
        )
    return found


def is_elsewhere(request: HttpRequest, issuer: str) -> bool:
    """Whether the address of the request belongs to a realm of another issuer.

    Raises:
        UnknownRealm: it belongs to no realm.
    """
    own = realm_of(request)
    return own is not None and own.issuer != issuer


def refuse_foreign(request: HttpRequest, alias: str) -> None:
    """Refuse a token of the realm `alias`, if the request is another realm's.

    Raises:
        SubjectTokenRejected: it is one, such as in a cookie that two hosts share.
        UnknownRealm: the request belongs to no realm.
        ExchangeMisconfigured: the realm `alias` is not configured.
    """
    own = realm_of(request)
    if own is None or realm_of_token(alias).issuer == own.issuer:
        return
    raise SubjectTokenRejected(
        f"This address belongs to the realm {own.alias!r}, and the user's token is of "
        f"realm {alias!r}.",
        "Log in at this address.",
        realm=own.alias,
    )


@lru_cache(maxsize=8)
def _function(path: str) -> Callable[[HttpRequest], str | None]:
    found: Callable[[HttpRequest], str | None] = import_string(path)
    return found
