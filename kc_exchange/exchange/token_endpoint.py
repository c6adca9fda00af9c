"""One question to Keycloak: sent, repeated where that is safe, read."""

from __future__ import annotations

import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from django.views.decorators.debug import sensitive_variables

from kc_exchange import discovery, transport
from kc_exchange.exceptions import (
    ExchangeUnavailable,
    NotLinked,
    UnexpectedReply,
)
from kc_exchange.exchange.client_auth import credential
from kc_exchange.exchange.clocks import compare_clocks
from kc_exchange.exchange.protection import protection_of
from kc_exchange.exchange.refusals import refusal
from kc_exchange.exchange.retry_after import retry_after
from kc_exchange.exchange.rows import Asked
from kc_exchange.strict_json import loads_object
from kc_exchange.tokens import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.conf import Realm
    from kc_exchange.exceptions import ExchangeError
    from kc_exchange.exchange.protection import Protection
    from kc_exchange.exchange.rows import Row

Form = list[tuple[str, str]]

_OK = 200
_TOO_MANY = 429
_BUSY = 503
_PASSING = frozenset({_TOO_MANY, 502, _BUSY, 504})
_UNTOLD = 1.0
"""Seconds without requests after a 429 that names no time."""
_PAUSE = 0.1
"""Seconds before the second attempt, at most, where the server names none."""
_WORTH_IT = 0.5
"""Seconds that must be left for a second attempt."""


@sensitive_variables()
def ask(
    realm: Realm,
    form: Form,
    *,
    audience: str = "",
    may_repeat: bool = True,
    rows: tuple[Row, ...] = (),
    provider: str = "",
) -> dict[str, Any]:
    """Return the members of the token endpoint's successful answer.

    `rows` say what refusals mean for this grant alone; those of every grant follow.
    They may name the identity provider that is asked for.

    Raises:
        ExchangeError: what `refusals` makes of the answer, or of none.
    """
    protection = protection_of(realm)
    deadline = transport.Deadline(realm.deadline)
    send = partial(_attempt, realm, form, deadline, protection)
    reply = _sent(send, deadline, protection, may_repeat=may_repeat)
    return _read(reply, realm, Asked(audience, provider, rows))


@sensitive_variables()
def post(
    realm: Realm,
    url: str,
    form: Form,
    deadline: transport.Deadline,
    *,
    may_repeat: bool,
) -> transport.Reply:
    """Post a form as `realm`'s client and return the reply, whatever its status.

    Whether Keycloak is well is not asked: what is to be revoked is tried by all means.
    A second attempt follows as after `ask`.

    Raises:
        ExchangeError: no reply came.
    """
    send = partial(_post, realm, url, form, deadline)
    return _sent(send, deadline, protection_of(realm), may_repeat=may_repeat)


@sensitive_variables()
def _sent(
    send: Callable[[], transport.Reply],
    deadline: transport.Deadline,
    protection: Protection,
    *,
    may_repeat: bool,
) -> transport.Reply:
    """Send, and send once more where that is of use, within the deadline.

    A second attempt follows a lost connection, a 502, 503 or 504, or a 429 whose
    `Retry-After` fits; and the budget for it must not be spent. Where a repetition
    could do harm (`may_repeat=False`: a refresh token may be good for once only) it
    follows a refused connection alone.
    """
    protection.budget.earn()
    try:
        reply = send()
        pause = _pause(reply, deadline) if may_repeat else None
        if pause is None or not protection.may_repeat(pause):
            return reply
    except transport.NoReply as error:
        pause = _jitter(deadline) if may_repeat or not error.sent else None
        if pause is None or not protection.may_repeat(pause):
            raise
    time.sleep(pause)
    return send()


@sensitive_variables()
def _attempt(
    realm: Realm, form: Form, deadline: transport.Deadline, protection: Protection
) -> transport.Reply:
    """Post to the token endpoint, if it is taken for well, and learn whether it is."""
    with protection.attempt(realm.deadline) as attempt:
        had_time = _left(deadline) >= min(_WORTH_IT, realm.deadline / 2)
        try:
            url = discovery.endpoints(realm, deadline).token
            reply = _post(realm, url, form, deadline)
        except (ExchangeUnavailable, UnexpectedReply) as error:
            if had_time and _is_outage(error):
                attempt.answered, attempt.why = False, error.cause
            raise
        attempt.pause = _wished(reply)
        attempt.why = _outage(reply, realm)
        attempt.answered = not attempt.why or reply.status == _TOO_MANY
    compare_clocks(reply, realm)
    return reply


def _wished(reply: transport.Reply) -> float:
    """Return the seconds for which Keycloak wants no request."""
    if reply.status not in {_TOO_MANY, _BUSY}:
        return 0.0
    wished = retry_after(reply)
    return (_UNTOLD if reply.status == _TOO_MANY else 0.0) if wished is None else wished


def _outage(reply: transport.Reply, realm: Realm) -> str:
    """Return what is wrong with Keycloak; empty if it answered, if only by a no."""
    try:
        if reply.status == _OK:
            _members(reply)
            return ""
    except ValueError as error:
        return f"its token endpoint's answer is not one: {error}."
    said = refused(reply, realm, Asked())
    return said.cause if _is_outage(said) else ""


def _is_outage(error: ExchangeError) -> bool:
    return isinstance(error, ExchangeUnavailable) or error.diagnosis == "not_keycloak"


@sensitive_variables()
def _post(
    realm: Realm, url: str, form: Form, deadline: transport.Deadline
) -> transport.Reply:
    parameters, headers = credential(realm)
    return transport.request(
        realm, url, deadline, form=[*form, *parameters], headers=headers
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


def _read(reply: transport.Reply, realm: Realm, asked: Asked) -> dict[str, Any]:
    if reply.status != _OK:
        raise refused(reply, realm, asked)
    try:
        members = _members(reply)
    except ValueError as error:
        raise UnexpectedReply(
            f"The token endpoint's answer is not one: {error}.",
            status=reply.status,
            audience=asked.audience,
            realm=realm.alias,
            diagnosis="not_keycloak",
        ) from None
    return members


def _members(reply: transport.Reply) -> dict[str, Any]:
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ValueError(f"it is of type {kind or 'unknown'}")
    members = _hidden(loads_object(reply.body))
    if "error" in members:
        raise ValueError("it says 200 and names an error")
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
