"""Call a downstream as the user of the running request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange import conf
from kc_exchange.context import bound_subject
from kc_exchange.downstream.session import DownstreamSession
from kc_exchange.sources import source_for

if TYPE_CHECKING:
    from kc_exchange.downstream.client import DownstreamClient

__all__ = ["DownstreamSession", "downstream_client", "downstream_session"]


def downstream_session(audience: str) -> DownstreamSession:
    """Return a `requests.Session` that calls one downstream as the user.

    `audience` is a key of `KC_EXCHANGE["DOWNSTREAMS"]`. Relative URLs are below its
    BASE_URL. Who is called for is taken now; the token is obtained when a request is
    sent, and again when it has expired.

    Raises:
        UnknownDownstream: there is no such key. Later, the calls raise what
            `kc_exchange.exceptions` lists, and what `requests` raises.
    """
    downstream = conf.current().downstream(audience)
    return DownstreamSession(downstream, source_for(downstream, bound_subject()))


def downstream_client(audience: str) -> DownstreamClient:
    """Return an `httpx.AsyncClient` that calls one downstream as the user.

    The same as `downstream_session`, for `async` views: same tokens, same cache. Needs
    the extra `httpx`.

    Raises:
        UnknownDownstream: there is no such key.
        ImportError: httpx is not installed.
    """
    from kc_exchange.downstream.client import DownstreamClient  # noqa: PLC0415

    downstream = conf.current().downstream(audience)
    return DownstreamClient(downstream, source_for(downstream, bound_subject()))
