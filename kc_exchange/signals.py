"""Signals of the token path. None of them carries a token.

`token_exchanged` and `exchange_refused` are sent once for each request to Keycloak's
token endpoint, never for a hit in the cache. Their arguments: `audience` and `client`
(str), `realm` (its alias), `strategy` (str), `milliseconds` (float), `cache` ("miss"
or "renewal"); `exchange_refused` adds `error` (an `ExchangeError`). A receiver may run
in a thread that has no request.

`login_kept` is sent when the tokens of a login are sealed into a session, and again
when that session gets another key: `issuer`, `subject`, `session_id` (`iss`, `sub` and
`sid` at Keycloak, "" where the tokens do not say), `issued_at` (when the newest of the
tokens was, by Keycloak's clock, in seconds since the epoch; 0.0 where none says),
`session_key`, `former_key` ("" at a login), and `user_id` (whose session it is). Both
keys are credentials: log neither.
`login_left` (`request`) is sent before a login's session is emptied where Django's
`user_logged_out` is not.
"""

from __future__ import annotations

from django.dispatch import Signal

token_exchanged = Signal()
exchange_refused = Signal()
login_kept = Signal()
login_left = Signal()
