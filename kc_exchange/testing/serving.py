"""Start and stop what serves from the test process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from kc_exchange.testing.http_server import HttpServer


class Serving:
    """Something with a server of its own; a context manager."""

    _server: HttpServer

    def start(self) -> Self:
        """Begin to serve, and return this object itself."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop serving; open connections are cut."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
