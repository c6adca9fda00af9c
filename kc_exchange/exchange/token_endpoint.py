"""One question to Keycloak: sent, repeated where that is safe, read."""

from __future__ import annotations

import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from django.views.decorators.debug import sensitive_variables

from kc_exchange import discovery, transport
from kc_exchange.exceptions import ExchangeUnavailable, UnexpectedReply
from kc_exchange.exchange.answers import is_outage, learn, read
from kc_exchange.exchange.clocks import compare_clocks
from kc_exchange.exchange.posts import Form, post_form
from kc_exchange.exchange.protection import protection_of
from kc_exchange.exchange.rows import Asked
from kc_exchange.transport.retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.conf import Realm
    from kc_exchange.dpop import ProofKey
    from kc_exchange.exchange.protection import Protection
    from kc_exchange.exchange.rows import Row

_SHOWN = frozenset({"subject_token", "assertion", "refresh_token"})
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
    key: ProofKey | None = None,
) -> dict[str, Any]:
    """Return the members of the token endpoint's successful answer.

    `rows` say what refusals mean for this grant alone; those of every grant follow.
    They may name the identity provider that is asked for. With a `key` the request
    proves that we have it, and the token is to be bound to it (RFC 9449 section 5).

    Raises:
        ExchangeError: what `refusals` makes of the answer, or of none.
    """
    protection = protection_of(realm)
    deadline = transport.Deadline(realm.deadline)
    asked = Asked(audience, provider, rows)
    send = partial(_attempt, realm, form, deadline, protection, key, asked)
    reply = _sent(send, deadline, protection, may_repeat=may_repeat)
    return read(reply, realm, asked)


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
    send = partial(post_form, realm, url, form, deadline, None)
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
    realm: Realm,
    form: Form,
    deadline: transport.Deadline,
    protection: Protection,
    key: ProofKey | None,
    asked: Asked,
) -> transport.Reply:
    """Post to the token endpoint, if it is taken for well, and learn whether it is."""
    with protection.attempt(realm, _left(deadline)) as attempt:
        had_time = _left(deadline) >= min(_WORTH_IT, realm.deadline / 2)
        try:
            url = discovery.endpoints(realm, deadline).token
            reply = post_form(realm, url, form, deadline, key)
        except (ExchangeUnavailable, UnexpectedReply) as error:
            if isinstance(error, ExchangeUnavailable):
                attempt.pause = _wished(error.status, error.retry_after)
            if attempt.pause or (had_time and is_outage(error)):
                attempt.answered, attempt.why = False, error.cause
            raise
        attempt.pause = _wished(reply.status, retry_after(reply))
        learn(attempt, reply, realm, asked, question=_question(form))
    compare_clocks(reply, realm)
    return reply


@sensitive_variables()
def _question(form: Form) -> int:
    """Hash the token that is shown, whatever is asked for it: it may be to blame."""
    shown = [value for name, value in form if name in _SHOWN]
    return hash(tuple(shown or form))


def _wished(status: int, wished: float | None) -> float:
    """Return the seconds for which Keycloak wants no request."""
    if status not in {_TOO_MANY, _BUSY}:
        return 0.0
    return (_UNTOLD if status == _TOO_MANY else 0.0) if wished is None else wished


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
