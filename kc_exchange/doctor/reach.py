"""Whether a downstream answers from here, without a token and without a request."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kc_exchange import transport
from kc_exchange.exceptions import ExchangeMisconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Downstream
    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding

REACH = "reach"
_UNREADABLE = {
    "ca_bundle_unreadable": "downstream_bundle_unreadable",
    "certificate_unreadable": "downstream_certificate_unreadable",
}
_PORTS = {"http": 80, "https": 443}


def try_to_reach(chart: Chart, downstream: Downstream) -> Iterator[Finding]:
    """Open a connection to BASE_URL, with TLS as the session does it, and close it."""
    parts = urlsplit(downstream.base_url)
    place = (str(parts.hostname), parts.port or _PORTS[parts.scheme])
    host = f"{place[0]}:{place[1]}"
    try:
        is_tls = parts.scheme == "https"
        context = transport.context_of(downstream) if is_tls else None
    except ExchangeMisconfigured as error:
        yield chart.of(REACH, error, _UNREADABLE.get(error.diagnosis, ""))
        return
    try:
        seconds = transport.Deadline(downstream.timeout[0]).left()
        with socket.create_connection(place, timeout=seconds) as sock:
            if context is not None:
                context.wrap_socket(sock, server_hostname=place[0]).close()
    except ssl.SSLError as error:
        yield chart.finding(REACH, "downstream_tls", host=host, why=_why(error))
    except (OSError, UnicodeError) as error:
        why = _why(error)
        yield chart.finding(REACH, "downstream_unreachable", host=host, why=why)
    else:
        yield chart.holds(REACH, f"{host} answers.")


def _why(error: OSError | UnicodeError) -> str:
    """Return the reason as a clause: without the number, and without a full stop."""
    if isinstance(error, ssl.SSLError):
        return str(error.reason or error)
    return getattr(error, "strerror", None) or type(error).__name__
