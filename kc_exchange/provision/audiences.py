"""Client scopes with audience mappers: what brings a name into a token's audience.

The parameter `audience` of an exchange only filters what scopes have brought.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision.conflicts import wanted_twice
from kc_exchange.provision.requesters import audience
from kc_exchange.requirements import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.draft import Draft

_NAMED = "include.in.token.scope"


def downstream(draft: Draft, asking: Iterable[Realm], wanted: Downstream) -> None:
    """Want a downstream, and the scopes that lead each of these requesters to it."""
    audience(draft, wanted.audience)
    for realm in asking:
        given(draft, realm, wanted.scopes)
        scopes = sorted(wanted.scopes - realm.default_scopes - BUILT_IN)
        for scope in scopes:
            optional_scope(draft, scope, mapper(wanted.audience))
            draft.client(realm.client_id, optionalClientScopes=[scope])
        if not scopes:
            default_scope(draft, wanted.audience, mapper(wanted.audience))
            draft.client(realm.client_id, defaultClientScopes=[wanted.audience])


def given(draft: Draft, realm: Realm, scopes: frozenset[str]) -> None:
    """Want the scopes that are asked for though the client has them unasked."""
    for scope in sorted(scopes & realm.default_scopes - BUILT_IN):
        draft.want(clientScopes=[{"name": scope, "protocol": "openid-connect"}])
        draft.client(realm.client_id, defaultClientScopes=[scope])


def optional_scope(draft: Draft, name: str, brings: Document) -> None:
    """Want a scope that is asked for by its name, and is named in the token."""
    _scope(draft, name, brings, named="true")


def default_scope(draft: Draft, name: str, brings: Document) -> None:
    """Want a scope that is there unasked, and that no token names."""
    _scope(draft, name, brings, named="false")


def mapper(client_id: str = "", *, url: str = "") -> Document:
    """Return an audience mapper, for a client of the realm or for any other name."""
    kind, included = ("custom", url) if url else ("client", client_id)
    return {
        "name": f"audience {included}",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {
            f"included.{kind}.audience": included,
            "access.token.claim": "true",
        },
    }


def _scope(draft: Draft, name: str, brings: Document, *, named: str) -> None:
    """Want a scope; raise `ProvisionFailed` if it is wanted otherwise already."""
    attributes = draft.part("clientScopes", name).get("attributes", {})
    if attributes.get(_NAMED, named) != named:
        raise wanted_twice(draft.name, name)
    draft.want(
        clientScopes=[
            {
                "name": name,
                "protocol": "openid-connect",
                "attributes": {_NAMED: named},
                "protocolMappers": [brings],
            }
        ]
    )
    draft.begin(clientScopes=[_begun(name, brings["name"], named)])


def _begun(name: str, brings: str, named: str) -> Document:
    shown: dict[str, Any] = {"display.on.consent.screen": named}
    return {
        "name": name,
        "description": f"Adds {brings.removeprefix('audience ')} to the audience",
        "attributes": shown
        | ({"consent.screen.text": name} if named == "true" else {}),
        "protocolMappers": [
            {
                "name": brings,
                "consentRequired": False,
                "config": {
                    "id.token.claim": "false",
                    "introspection.token.claim": "true",
                    "lightweight.claim": "false",
                },
            }
        ],
    }
