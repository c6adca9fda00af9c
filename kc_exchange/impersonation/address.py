"""Where a request came from, by proxies that are trusted, and by nobody else."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from kc_exchange import conf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

_LONGEST = 1_000
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: HttpRequest) -> tuple[str | None, str]:
    """Return the client's address, and who said so: "peer" or "forwarded".

    X-Forwarded-For counts only where the peer is one of TRUSTED_PROXIES; of its
    addresses, the last that is not itself such a proxy.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    networks = [
        ipaddress.ip_network(n) for n in conf.current().impersonation.trusted_proxies
    ]
    if peer is None or not _is_in(peer, networks):
        return _text(peer), "peer"
    said = request.META.get("HTTP_X_FORWARDED_FOR", "")[-_LONGEST:]
    for part in reversed(said.split(",")):
        hop = _address(part.strip())
        if hop is None:
            break
        if not _is_in(hop, networks):
            return _text(hop), "forwarded"
    return _text(peer), "peer"


def _address(text: str) -> _Address | None:
    """An address without its zone; None for anything else, such as `unknown`."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found


def _is_in(
    address: _Address,
    networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> bool:
    return any(address in network for network in networks)


def _text(address: _Address | None) -> str | None:
    return None if address is None else str(address)
