"""Post a form as a realm's client, with a proof of its key where one is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

from kc_exchange import dpop, transport
from kc_exchange.exchange.client_auth import credential
from kc_exchange.strict_json import loads_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Realm
    from kc_exchange.dpop import ProofKey

Form = list[tuple[str, str]]

_BAD_REQUEST = 400
_nonces = dpop.Nonces()
"""By token endpoint."""


@sensitive_variables()
def post_form(
    realm: Realm,
    url: str,
    form: Form,
    deadline: transport.Deadline,
    key: ProofKey | None,
) -> transport.Reply:
    """Post once, with a proof of `key`, and again with the nonce that is wanted.

    The server asks before it looks at anything else (RFC 9449 section 8), so that what
    is good for once only is not used up.
    """
    if key is None:
        return _post(realm, url, form, deadline, {})
    reply = _post(realm, url, form, deadline, _proof(key, url))
    learned = _nonces.learn(url, reply.headers.get(dpop.NONCE.lower()))
    if not (learned and _wants_nonce(reply)):
        return reply
    reply = _post(realm, url, form, deadline, _proof(key, url))
    _nonces.learn(url, reply.headers.get(dpop.NONCE.lower()))
    return reply


def _proof(key: ProofKey, url: str) -> dict[str, str]:
    return {dpop.HEADER: dpop.proof(key, "POST", url, nonce=_nonces.of(url))}


def _wants_nonce(reply: transport.Reply) -> bool:
    if reply.status != _BAD_REQUEST:
        return False
    try:
        return loads_object(reply.body).get("error") == dpop.USE_NONCE
    except ValueError:
        return False


@sensitive_variables()
def _post(
    realm: Realm,
    url: str,
    form: Form,
    deadline: transport.Deadline,
    proved: Mapping[str, str],
) -> transport.Reply:
    parameters, headers = credential(realm)
    return transport.request(
        realm, url, deadline, form=[*form, *parameters], headers={**headers, **proved}
    )
