"""Turn what the network said into an error with cause and fix."""

from __future__ import annotations

import http.client
import ssl
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
    printable,
)

if TYPE_CHECKING:
    from kc_exchange.conf import Realm


_LOST = (
    NewConnectionError,
    ConnectionError,
    IncompleteRead,
    http.client.IncompleteRead,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)
_ITS_OWN_FAULT = "TLSV1_ALERT_INTERNAL_ERROR"
"""What a peer says whose handshake fails for no reason of ours (RFC 8446, 80)."""


class NoReply(ExchangeUnavailable):
    """Refused, reset or closed before the end. Asking once more for a token is safe."""

    sent = True
    """Whether the request may have reached the server: False where none was found."""

    @property
    def code(self) -> str:
        """Its parent's: for programs it is an outage as any other."""
        return ExchangeUnavailable().code


def explained(error: Exception, realm: Realm, url: str) -> ExchangeError:
    """Return the error of this package for one of the transport's."""
    host = urllib3.util.parse_url(url).netloc
    root = _root(error)
    if isinstance(root, NameResolutionError):
        unknown = NoReply(
            f"The host name of {host} does not resolve.",
            "Check ISSUER and DISCOVERY_URL, and the name service of this machine.",
            realm=realm.alias,
            diagnosis="host_unknown",
        )
        unknown.sent = False
        return unknown
    if isinstance(root, _LOST) or getattr(root, "reason", "") == _ITS_OWN_FAULT:
        lost = NoReply(
            f"Keycloak at {host} refuses or drops the connection.",
            realm=realm.alias,
            diagnosis="unreachable",
        )
        lost.sent = not isinstance(root, NewConnectionError)
        return lost
    if isinstance(root, (UrllibTimeout, TimeoutError)):
        return ExchangeUnavailable(
            f"Keycloak at {host} did not answer within its deadline.",
            "Look at Keycloak's load; DEADLINE sets the seconds it is given.",
            realm=realm.alias,
            diagnosis="deadline_passed",
        )
    if isinstance(root, ssl.SSLError):
        return ExchangeMisconfigured(
            f"No trusted TLS connection to {host}: {_tls_reason(root)}.",
            "Check the certificate's name and dates; CA_BUNDLE names a private "
            "authority, CERTIFICATE this client's own certificate.",
            realm=realm.alias,
            diagnosis="tls_failed",
        )
    if isinstance(root, OSError):
        return NoReply(
            f"The connection to {host} fails "
            f"({printable(root.strerror or type(root).__name__)}).",
            realm=realm.alias,
            diagnosis="unreachable",
        )
    why = str(root) if type(root) is ValueError else type(root).__name__
    return UnexpectedReply(
        f"What answers at {host} is not Keycloak: {why}.",
        realm=realm.alias,
        diagnosis="not_keycloak",
    )


def _root(error: BaseException) -> BaseException:
    """Return what urllib3 has wrapped."""
    while isinstance(error, (ProtocolError, SSLError)):
        inner = error.args[-1] if error.args else None
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _tls_reason(error: ssl.SSLError) -> str:
    text = printable(error.args[-1] if error.args else "")
    return text.partition("(_ssl.c")[0].strip() or type(error).__name__
