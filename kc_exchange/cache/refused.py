"""Remember for a while what Keycloak refused: asking again at once changes nothing."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from django.conf import settings

from kc_exchange import conf, forks
from kc_exchange.cache.alarms import Alarms
from kc_exchange.exceptions import (
    ClientAuthFailed,
    ExchangeDenied,
    ExchangeError,
    ExchangeMisconfigured,
    SubjectTokenRejected,
    UnexpectedReply,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.tokens import AccessToken

_SIZE = 10_000
_FOR_EVERYBODY = frozenset(
    {
        "audience_asks_consent",
        "audience_disabled",
        "audience_unknown",
        "exchange_off",
        "https_required",
        "jwt_grant_no_provider",
        "jwt_grant_off",
        "jwt_grant_provider_not_allowed",
        "jwt_grant_provider_off",
        "jwt_grant_unknown",
        "legacy_off",
        "provider_disabled",
        "provider_permission_missing",
        "provider_unknown",
        "realm_disabled",
        "requester_public",
        "switch_off",
    }
)
"""What no subject token can bring about: it is of the clients, providers or server."""
_PASSING = frozenset({"provider_failed", "server_failed", "tls_failed"})
"""What may be over the next moment: Keycloak's database, or a provider, is away, or
another machine shows its certificate. The last is no word of Keycloak's at all."""


class Refused:
    """Refusals by key, bounded; an outage is none, and under DEBUG nothing is kept.

    What Keycloak refuses to one user is kept under that user's key. A mistake in the
    settings is kept under `place`, for everybody of the user's realm, if no subject
    token can cause it: one made for that must not shut others out. A newer subject
    token has another key. `seconds` None: REFUSED_SECONDS of the settings.

    Of such a mistake, and of a credential that Keycloak does not accept, one line goes
    to the log as an error, with cause and fix, once in the same time.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._reset()
        forks.in_child(self._reset)

    def _reset(self) -> None:
        self._lock = Lock()
        self._alarms = Alarms()
        self._entries: OrderedDict[bytes, tuple[ExchangeError, float]] = OrderedDict()

    def guard(
        self,
        key: bytes,
        place: bytes,
        load: Callable[[str], AccessToken],
        cached: str,
    ) -> AccessToken:
        """Return what `load(cached)` returns, unless it was refused a moment ago.

        Raises:
            ExchangeError: what `load` raises now, or raised a moment ago.
        """
        known = self._known(key) or self._known(place)
        if known is not None:
            raise known.fresh()
        try:
            return load(cached)
        except (ExchangeDenied, SubjectTokenRejected) as error:
            self._remember(key, error)
            raise
        except UnexpectedReply as error:
            if error.is_of_one_request:
                self._remember(key, error)
            raise
        except ExchangeMisconfigured as error:
            self.alarm(place, error)
            everybody = error.diagnosis in _FOR_EVERYBODY
            passes = error.diagnosis in _PASSING
            if type(error) is ExchangeMisconfigured and not passes:
                self._remember(place if everybody else key, error)
            raise

    def alarm(self, place: bytes, error: ExchangeMisconfigured) -> None:
        """Write the line to the log if `error` is one, also where a token serves on."""
        if error.diagnosis in _FOR_EVERYBODY or isinstance(error, ClientAuthFailed):
            self._alarms.raise_once(place, error, self._lasting)

    def clear(self) -> None:
        """Forget every refusal."""
        with self._lock:
            self._entries.clear()
        self._alarms.clear()

    @property
    def _lasting(self) -> float:
        own = self._seconds
        return conf.current().refused_seconds if own is None else own

    def _known(self, key: bytes) -> ExchangeError | None:
        error, until = self._entries.get(key, (None, 0.0))
        return error if time.monotonic() < until else None

    def _remember(self, key: bytes, error: ExchangeError) -> None:
        if settings.DEBUG:
            return
        with self._lock:
            self._entries[key] = (error.fresh(), time.monotonic() + self._lasting)
            self._entries.move_to_end(key)
            if len(self._entries) > _SIZE:
                self._entries.popitem(last=False)
