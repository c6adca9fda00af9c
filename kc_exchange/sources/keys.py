"""Keys of the caches: all that decides which token it is, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kc_exchange import cache, conf, dpop
from kc_exchange.sources.issuers import issuer_alias

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.tokens import SubjectToken


def key_of(realm: Realm, subject: SubjectToken | None, *what: str) -> cache.Key:
    """Return the key of what the client of `realm` got for a subject, if for any."""
    return cache.cache_key(
        "v2",
        realm.alias,
        realm.issuer,
        realm.discovery_url,
        realm.client_id,
        realm.client_auth,
        *_parts(subject),
        *what,
        issuers=(realm.issuer, _voidable(subject)),
        subject=None if subject is None else _owner(subject),
    )


def downstream_key(
    downstream: Downstream, realm: Realm, subject: SubjectToken | None
) -> cache.Key:
    """Return the key of a downstream's token, for a user or for nobody."""
    by_alias = downstream.strategy in {"cross-realm", "external"}
    return key_of(
        realm,
        subject,
        downstream.strategy,
        downstream.audience,
        " ".join(sorted(downstream.scopes)),
        downstream.actor,
        downstream.requested_issuer,
        " ".join(sorted(downstream.assertion_scopes)),
        issuer_alias(downstream, subject) if by_alias and subject else "",
        dpop.key_of_realm(realm).thumbprint if downstream.dpop else "",
    )


def place_key(downstream: Downstream, realm: Realm, subject: SubjectToken) -> cache.Key:
    """Return the key of what is the same for all users of the subject's realm."""
    return downstream_key(downstream, realm, replace(subject, value=""))


def issuer_of(subject: SubjectToken) -> str:
    """Return whose sessions and people the token names: an issuer, or a provider."""
    if subject.provider:
        return f"provider {subject.provider}"
    own = conf.current().realms.get(subject.realm)
    return own.issuer if own else ""


def _owner(subject: SubjectToken) -> tuple[str, ...]:
    return issuer_of(subject), subject.value, subject.id_token


def _voidable(subject: SubjectToken | None) -> str:
    """Return who may declare the token void; of a provider nobody tells us that."""
    return "" if subject is None or subject.provider else issuer_of(subject)


def _parts(subject: SubjectToken | None) -> tuple[str, ...]:
    if subject is None:
        return ("", "", "", "")
    return (subject.token_type, subject.realm, subject.provider, subject.value)
