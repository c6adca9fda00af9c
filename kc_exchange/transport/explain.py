"""Turn what the network said into an error with cause and fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import urllib3
from urllib3.exceptions import (
    IncompleteRead,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as UrllibTimeout

from kc_exchange.exceptions import (
    ExchangeError,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    UnexpectedReply,
)

if TYPE_CHECKING:
    from kc_exchange.conf import Realm


class NoReply(ExchangeUnavailable):
    """Refused, reset or closed before the end. Asking once more for a token is safe."""

    sent = False
    """Whether the request may have reached the server."""


def explained(error: Exception, realm: Realm, url: str) -> ExchangeError:
    """Return the error of this package for one of the transport's."""
    host = urllib3.util.parse_url(url).netloc
    if isinstance(error, NameResolutionError):
        return NoReply(
            f"The host name of {host} does not resolve.",
            "Check ISSUER and DISCOVERY_URL, and the name service of this machine.",
            realm=realm.alias,
        )
    if isinstance(error, (UrllibTimeout, TimeoutError)) and not isinstance(
        error, NewConnectionError
    ):
        return ExchangeUnavailable(
            f"Keycloak at {host} did not answer within its deadline.",
            "Look at Keycloak's load; DEADLINE sets the seconds it is given.",
            realm=realm.alias,
        )
    if isinstance(error, SSLError):
        return ExchangeMisconfigured(
            f"No trusted TLS connection to {host}: {_reason(error)}.",
            "Check the certificate's name and dates; CA_BUNDLE names a private "
            "authority, CERTIFICATE this client's own certificate.",
            realm=realm.alias,
        )
    if _is_lost(error):
        lost = NoReply(
            f"Keycloak at {host} refuses or drops the connection.", realm=realm.alias
        )
        lost.sent = not isinstance(error, NewConnectionError)
        return lost
    return UnexpectedReply(
        f"What answers at {host} is not Keycloak: {_reason(error)}.",
        realm=realm.alias,
    )


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, ProtocolError) and not isinstance(error, IncompleteRead):
        inner = error.args[1] if len(error.args) > 1 else None
        return isinstance(inner, (OSError, IncompleteRead)) or inner is None
    return isinstance(error, (NewConnectionError, IncompleteRead, OSError))


def _reason(error: BaseException) -> str:
    inner = next((a for a in reversed(error.args) if a), "")
    return str(inner).partition("(_ssl.c")[0].strip() or type(error).__name__
