"""Decide where a browser may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kc_exchange.testing.model import Client

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def allowed(client: Client, address: str, patterns: Iterable[str]) -> bool:
    """Tell whether the address fits one of the client's redirect patterns.

    A trailing `*` stands for any rest, a pattern that begins with `/` lies below the
    client's root URL, and a loopback address fits with any port (RFC 8252 section
    7.3). Dots that climb, fragments and user information never fit.
    """
    parts = urlsplit(address)
    if parts.fragment or "@" in parts.netloc or "/.." in parts.path:
        return False
    forms = (address, _without_port(address))
    return any(_fits(form, _full(client, p)) for p in patterns for form in forms)


def _full(client: Client, pattern: str) -> str:
    return client.root_url.rstrip("/") + pattern if pattern.startswith("/") else pattern


def _without_port(address: str) -> str:
    scheme, separator, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    host, colon, port = authority.rpartition(":")
    if scheme == "http" and colon and port.isdigit() and host in LOOPBACK:
        return f"{scheme}{separator}{host}{slash}{path}"
    return address


def _fits(address: str, pattern: str) -> bool:
    if not pattern.endswith("*"):
        return address == pattern
    start = pattern[:-1]
    bare = address.partition("?")[0]
    return address.startswith(start) or bare == start.rstrip("/")


def logout_patterns(client: Client) -> tuple[str, ...]:
    """Return the patterns of addresses a logout may lead to."""
    given = client.attributes.get("post.logout.redirect.uris", "+")
    patterns: list[str] = []
    for pattern in given.split("##"):
        patterns += client.redirect_uris if pattern == "+" else [pattern]
    return tuple(pattern for pattern in patterns if pattern not in ("", "-"))
