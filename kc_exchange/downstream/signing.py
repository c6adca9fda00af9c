"""Sign a request with its token, and prove that the token is ours (RFC 9449)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.views.decorators.debug import sensitive_variables

from kc_exchange import dpop

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from kc_exchange.tokens import AccessToken

_nonces = dpop.Nonces()
"""By origin (RFC 9449 section 9)."""


@sensitive_variables()
def sign(
    headers: MutableMapping[str, str], method: str, url: str, token: AccessToken
) -> None:
    """Put the token into `headers`, with a fresh proof if it is bound to a key.

    Raises:
        ExchangeMisconfigured: the key is not among the settings.
    """
    headers["Authorization"] = token.authorization
    if token.thumbprint:
        key, nonce = dpop.key_of_token(token), _nonces.of(_origin(url))
        headers[dpop.HEADER] = dpop.proof(
            key, method, url, token=token.value, nonce=nonce
        )


def unsign(headers: MutableMapping[str, str]) -> None:
    """Take both out again, before the request goes elsewhere."""
    headers.pop("Authorization", None)
    headers.pop(dpop.HEADER, None)


def learn(url: str, nonce: str | None) -> bool:
    """Keep the nonce that a reply brought; tell whether there is one."""
    return _nonces.learn(_origin(url), nonce)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
