"""The connections of `requests` to downstreams, shared by all sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter

from kc_exchange import forks, transport

if TYPE_CHECKING:
    import ssl

    from requests import PreparedRequest

    from kc_exchange.conf import Downstream

_POOL = 64


class SharedAdapter(HTTPAdapter):
    """The connections to one downstream, for all sessions of the process.

    Where it has certificate files, new ones take new connections: calls under way
    finish on the former, which then close.
    """

    def __init__(self, downstream: Downstream) -> None:
        self._downstream = downstream
        self._has_files = bool(downstream.ca_bundle or downstream.certificate)
        self._context: ssl.SSLContext | None = None
        super().__init__(pool_connections=2, pool_maxsize=_POOL)

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Name the TLS context in place of files, which would be read each time."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https" and self._is_usual(verify, cert):
            pool = {"cert_reqs": "CERT_REQUIRED", "ssl_context": self._newest()}
        return host, pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the certificates to the TLS context."""
        if not self._is_usual(verify, cert):
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Leave the connections to the other sessions."""

    def _is_usual(self, verify: Any, cert: Any) -> bool:
        """Whether a call brings no files of its own."""
        usual = self._downstream.ca_bundle or True
        return self._has_files and cert is None and verify == usual

    def _newest(self) -> ssl.SSLContext:
        context = transport.context_of(self._downstream)
        if context is not self._context:
            self._context = context
            self.poolmanager.clear()
        return context


_adapters: dict[tuple[str, str, str, str], SharedAdapter] = {}
_building = forks.Lock()
forks.in_child(_adapters.clear)


def adapter_of(downstream: Downstream) -> SharedAdapter:
    """Return the adapter of a downstream, made once."""
    reached = (
        downstream.base_url,
        downstream.ca_bundle,
        downstream.certificate,
        downstream.certificate_key,
    )
    adapter = _adapters.get(reached)
    if adapter is None:
        with _building:
            adapter = _adapters.setdefault(reached, SharedAdapter(downstream))
    return adapter
