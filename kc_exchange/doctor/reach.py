"""Whether a downstream answers from here, without a token and without a request."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import certifi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Downstream
    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding

REACH = "reach"
_PORTS = {"http": 80, "https": 443}


def try_to_reach(chart: Chart, downstream: Downstream) -> Iterator[Finding]:
    """Open a connection to BASE_URL, with TLS as the session does it, and close it."""
    parts = urlsplit(downstream.base_url)
    place = (str(parts.hostname), parts.port or _PORTS[parts.scheme])
    host = f"{place[0]}:{place[1]}"
    try:
        with socket.create_connection(place, timeout=downstream.timeout[0]) as sock:
            if parts.scheme == "https":
                _shake_hands(sock, place[0], downstream)
    except ssl.SSLError as error:
        why = str(error.reason or error)
        yield chart.finding(REACH, "downstream_tls", host=host, why=why)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        yield chart.finding(REACH, "downstream_unreachable", host=host, why=why)
    else:
        yield chart.holds(REACH, f"{host} answers.")


def _shake_hands(sock: socket.socket, host: str, downstream: Downstream) -> None:
    context = ssl.create_default_context(cafile=downstream.ca_bundle or certifi.where())
    with context.wrap_socket(sock, server_hostname=host):
        pass
