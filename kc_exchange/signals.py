"""Signals of the token path. None of them carries a token.

`token_exchanged` and `exchange_refused` are sent once for each request to Keycloak's
token endpoint, never for a hit in the cache. Their arguments: `audience` and `client`
(str), `realm` (its alias), `strategy` (str), `milliseconds` (float), `cache` ("miss"
or "renewal"); `exchange_refused` adds `error` (an `ExchangeError`). A receiver may run
in a thread that has no request.
"""

from __future__ import annotations

from django.dispatch import Signal

token_exchanged = Signal()
exchange_refused = Signal()
