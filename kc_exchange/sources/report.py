"""One log line and one signal for each question to the token endpoint."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from kc_exchange.exceptions import ExchangeError
from kc_exchange.signals import exchange_refused, token_exchanged
from kc_exchange.sources import policies

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.conf import Downstream, Realm

_log = logging.getLogger("kc_exchange")


class Issued(Protocol):
    """What Keycloak issued."""

    @property
    def not_before(self) -> int:
        """The latest not-before policy of the realm, the client and the user."""
        ...

    @property
    def subject(self) -> str:
        """Whose token it is (`sub`); empty where it does not say."""
        ...


_Issued = TypeVar("_Issued", bound=Issued)


def reported(
    downstream: Downstream, realm: Realm, load: Callable[[], _Issued], cached: str
) -> _Issued:
    """Call `load`; tell the log and the signals how it went.

    Each answer brings a not-before policy, see `policies`.
    """
    started = time.perf_counter()
    facts: dict[str, Any] = {
        "audience": downstream.audience,
        "client": realm.client_id,
        "realm": realm.alias,
        "strategy": downstream.strategy,
        "cache": cached,
    }
    try:
        token = load()
    except ExchangeError as error:
        facts["milliseconds"] = (time.perf_counter() - started) * 1000
        _tell("refused", error.code, facts, logging.WARNING)
        exchange_refused.send_robust(sender=None, error=error, **facts)
        raise
    facts["milliseconds"] = (time.perf_counter() - started) * 1000
    if token.not_before:
        policies.learn(realm, token.not_before, token.subject)
    _tell("exchanged", "ok", facts, logging.INFO)
    token_exchanged.send_robust(sender=None, **facts)
    return token


def _tell(event: str, outcome: str, facts: dict[str, Any], level: int) -> None:
    _log.log(
        level,
        "kc_exchange.%s audience=%s client=%s realm=%s strategy=%s outcome=%s "
        "milliseconds=%.1f cache=%s",
        event,
        facts["audience"],
        facts["client"],
        facts["realm"],
        facts["strategy"],
        outcome,
        facts["milliseconds"],
        facts["cache"],
        extra={"kc_exchange": {**facts, "event": event, "outcome": outcome}},
    )
