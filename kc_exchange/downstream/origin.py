"""The one place on the network that a token may be sent to."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from requests.models import PreparedRequest

from kc_exchange.exceptions import WrongDownstream

_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//")
_DOTS = re.compile(r"/\.\.|%2[5ef]|%5c", re.IGNORECASE)
_PORTS = {"https": 443, "http": 80}


class Origin:
    """A downstream's scheme, host, port and path prefix."""

    def __init__(self, name: str, base_url: str) -> None:
        self._name = name
        self.prefix = _prepared(base_url)
        """BASE_URL as `requests` writes it; ends with a slash."""
        self._place = _place(self.prefix)

    def absolute(self, url: str) -> str:
        """Return `url` below BASE_URL if it is relative, else `url` itself."""
        if url.startswith("//"):
            self._refuse(url)
        if _ABSOLUTE.match(url):
            return url
        return self.prefix + url.lstrip("/")

    def check(self, url: str) -> None:
        """Refuse a prepared URL that leads elsewhere.

        Raises:
            WrongDownstream: it does.
        """
        if url.startswith(self.prefix) and not _DOTS.search(url, len(self.prefix) - 1):
            return
        if not self._holds(url):
            self._refuse(url)

    def _refuse(self, url: str) -> NoReturn:
        raise WrongDownstream(
            f"{_shown(url)} does not belong to the downstream {self._name!r}, "
            "whose token would have been sent there.",
            f"Call it by a path relative to {self.prefix}, or configure the other "
            "service as a downstream of its own.",
            audience=self._name,
        )

    def _holds(self, url: str) -> bool:
        try:
            scheme, host, port, path = _place(url)
        except ValueError:
            return False
        if (scheme, host, port) != self._place[:3]:
            return False
        # Some servers read `..;x` as `..`: what follows a semicolon is a parameter.
        segments = re.split(r"[/\\]", unquote(unquote(path)))
        climbs = any(segment.partition(";")[0] == ".." for segment in segments)
        return not climbs and path.startswith(self._place[3])


def _place(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    if parts.username is not None or not parts.hostname:
        raise ValueError("a URL with a user, or without a host")
    port = _PORTS.get(parts.scheme) if parts.port is None else parts.port
    return parts.scheme, parts.hostname, port, parts.path or "/"


@lru_cache(maxsize=256)
def origin_of(name: str, base_url: str) -> Origin:
    """Return the origin of a downstream, parsed once."""
    return Origin(name, base_url)


def _prepared(url: str) -> str:
    request = PreparedRequest()
    request.prepare_url(url, None)
    return f"{str(request.url).rstrip('/')}/"


def _shown(url: str) -> str:
    """Scheme, host and port: a path or a query may hold a secret."""
    try:
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.hostname}"
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "The URL"
    return place + port
