"""Throttles of the endpoint for external tokens: each call asks Keycloak.

A good token begins a session of its user there each time, a forged one is looked at all
the same. Rates of your own go by scope into REST framework's settings:

    REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"kc_exchange_address": "600/min"}}
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class _Throttle(SimpleRateThrottle):
    usual = ""
    """The rate where DEFAULT_THROTTLE_RATES does not have the scope."""

    def get_rate(self) -> str | None:
        """Return the rate; None, which the settings may say, is no limit."""
        rates: Mapping[str, Any] = api_settings.DEFAULT_THROTTLE_RATES
        rate: str | None = rates.get(self.scope or "", self.usual)
        return rate

    def key_of(self, text: str) -> str:
        """Return the key of what the sender wrote: of any length, and maybe secret."""
        digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": digest}


class AddressThrottle(_Throttle):
    """Let one address call 60 times a minute.

    `NUM_PROXIES` of REST_FRAMEWORK has to be set, or a sender chooses the address.
    """

    scope = "kc_exchange_address"
    usual = "60/min"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Return the key of the address that the request comes from."""
        del view
        return self.key_of(self.get_ident(request) or "")


class SubjectTokenThrottle(_Throttle):
    """Let one external token be brought 6 times a minute, from wherever.

    An app that was given an access token has no need of another one as soon.
    """

    scope = "kc_exchange_subject_token"
    usual = "6/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Return the key of the token that is sent; None without one."""
        del view
        sent = request.data
        token = sent.get("subject_token") if isinstance(sent, Mapping) else None
        return self.key_of(token) if isinstance(token, str) else None
