"""One question to Keycloak: sent, repeated where that is safe, read."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from django.views.decorators.debug import sensitive_variables

from kc_exchange import discovery, dpop, transport
from kc_exchange.exceptions import (
    ExchangeUnavailable,
    NotLinked,
    UnexpectedReply,
)
from kc_exchange.exchange.client_auth import credential
from kc_exchange.exchange.refusals import refusal
from kc_exchange.exchange.rows import Asked
from kc_exchange.strict_json import loads_object
from kc_exchange.tokens import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Realm
    from kc_exchange.dpop import ProofKey
    from kc_exchange.exceptions import ExchangeError
    from kc_exchange.exchange.rows import Row

Form = list[tuple[str, str]]

_OK = 200
_BAD_REQUEST = 400
_TOO_MANY = 429
_PASSING = frozenset({_TOO_MANY, 502, 503, 504})
_PAUSE = 0.1
"""Seconds before the second attempt, at most, where the server names none."""
_WORTH_IT = 0.5
"""Seconds that must be left for a second attempt."""
_nonces = dpop.Nonces()
"""By token endpoint."""


@sensitive_variables()
def ask(
    realm: Realm,
    form: Form,
    *,
    audience: str = "",
    may_repeat: bool = True,
    rows: tuple[Row, ...] = (),
    provider: str = "",
    key: ProofKey | None = None,
) -> dict[str, Any]:
    """Return the members of the token endpoint's successful answer.

    `rows` say what refusals mean for this grant alone; those of every grant follow.
    They may name the identity provider that is asked for. With a `key` the request
    proves that we have it, and the token is to be bound to it (RFC 9449 section 5).

    Raises:
        ExchangeError: what `refusals` makes of the answer, or of none.
    """
    deadline = transport.Deadline(realm.deadline)
    url = discovery.endpoints(realm, deadline).token
    reply = post(realm, url, form, deadline, may_repeat=may_repeat, key=key)
    return _read(reply, realm, Asked(audience, provider, rows))


@sensitive_variables()
def post(
    realm: Realm,
    url: str,
    form: Form,
    deadline: transport.Deadline,
    *,
    may_repeat: bool,
    key: ProofKey | None = None,
) -> transport.Reply:
    """Post a form as `realm`'s client and return the reply, whatever its status.

    A second attempt follows a lost connection, a 502, 503 or 504, or a 429 whose
    `Retry-After` fits, all within the deadline. Where a repetition could do harm
    (`may_repeat=False`: a refresh token may be good for once only) it follows a
    refused connection alone. Each attempt has a proof of its own, and one more if the
    server asks for its nonce in it.

    Raises:
        ExchangeError: no reply came.
    """
    try:
        reply = _proved(realm, url, form, deadline, key)
        pause = _pause(reply, deadline) if may_repeat else None
    except transport.NoReply as error:
        pause = _jitter(deadline) if may_repeat or not error.sent else None
        if pause is None:
            raise
    if pause is not None:
        time.sleep(pause)
        reply = _proved(realm, url, form, deadline, key)
    return reply


@sensitive_variables()
def _proved(
    realm: Realm,
    url: str,
    form: Form,
    deadline: transport.Deadline,
    key: ProofKey | None,
) -> transport.Reply:
    """Post with a proof of `key`; once more with the nonce that the server names.

    It asks before it looks at anything else (RFC 9449 section 8), so nothing that is
    good for once only is used up.
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


def _pause(reply: transport.Reply, deadline: transport.Deadline) -> float | None:
    """Return the seconds to wait before asking again, or None for not at all."""
    if reply.status not in _PASSING:
        return None
    wished = retry_after(reply)
    if wished is None:
        return None if reply.status == _TOO_MANY else _jitter(deadline)
    return wished if wished + _WORTH_IT < _left(deadline) else None


def _jitter(deadline: transport.Deadline) -> float | None:
    return random.uniform(0, _PAUSE) if _left(deadline) > _WORTH_IT else None  # noqa: S311


def _left(deadline: transport.Deadline) -> float:
    try:
        return deadline.left()
    except TimeoutError:
        return 0.0


def retry_after(reply: transport.Reply) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110 section 10.2.3), or None."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:6])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _read(reply: transport.Reply, realm: Realm, asked: Asked) -> dict[str, Any]:
    if reply.status != _OK:
        raise refused(reply, realm, asked)
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind != "application/json":
            raise ValueError(f"it is of type {kind or 'unknown'}")
        members = _hidden(loads_object(reply.body))
        if "error" in members:
            raise ValueError("it says 200 and names an error")
    except ValueError as error:
        raise UnexpectedReply(
            f"The token endpoint's answer is not one: {error}.",
            status=reply.status,
            audience=asked.audience,
            realm=realm.alias,
            diagnosis="not_keycloak",
        ) from None
    return members


def _hidden(members: dict[str, Any]) -> dict[str, Any]:
    return {k: Secret(v) if isinstance(v, str) else v for k, v in members.items()}


def refused(reply: transport.Reply, realm: Realm, asked: Asked) -> ExchangeError:
    """Return the error that a reply without success stands for."""
    try:
        members = loads_object(reply.body)
    except ValueError:
        members = {}
    said = (members.get("error", ""), members.get("error_description", ""))
    error = refusal(reply.status, *said, realm=realm, asked=asked)
    if isinstance(error, ExchangeUnavailable):
        error.retry_after = retry_after(reply)
    if isinstance(error, NotLinked):
        error.account_link_url = _link(realm, members.get("account-link-url"))
    return error


def _link(realm: Realm, url: object) -> str:
    """Return the address where an account is linked, if it is below the realm's."""
    below = f"{realm.issuer.rstrip('/')}/"
    return url if isinstance(url, str) and url.startswith(below) else ""
