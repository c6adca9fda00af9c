"""A refresh function to hand to `renew`, and requests that need it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kc_exchange import capture
from tests.capture.browser import tokens, with_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from kc_exchange.conf import Realm
    from kc_exchange.tokens import SubjectToken, TokenSet


class Keycloak:
    """A refresh function that counts, as Keycloak with rotated refresh tokens."""

    def __init__(self, *, seconds: float = 0.0, lifetime: float = 300.0) -> None:
        self.asked: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self._seconds = seconds
        self._lifetime = lifetime

    def __call__(self, realm: Realm, refresh_token: str) -> TokenSet:
        """Refresh at `realm`, which the tests have one of."""
        assert realm.alias == "default"
        self.asked.append(refresh_token)
        time.sleep(self._seconds)
        self.meanwhile()
        name = f"renewed{len(self.asked)}"
        return tokens(name, id_token="", expires_at=time.time() + self._lifetime)


def captured(key: str) -> tuple[HttpRequest, SubjectToken]:
    request = with_session(key)
    found = capture.from_session(request)
    assert found is not None
    return request, found
