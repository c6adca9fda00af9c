"""Lead each request to its endpoint."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kc_exchange.testing import pages
from kc_exchange.testing.endpoints import ROUTES, Route
from kc_exchange.testing.errors import OAuthError, PageError, failed
from kc_exchange.testing.http_server import not_found
from kc_exchange.testing.messages import (
    NO_STORE,
    Request,
    Response,
    error_response,
    html_response,
    json_response,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.faults import Fault, FaultQueue
    from kc_exchange.testing.records import Ledger

logger = logging.getLogger(__name__)

PREFIX = "/realms/"


class Router:
    """Lead each request to its realm and endpoint, and word what goes wrong."""

    def __init__(
        self, realms: Mapping[str, RealmServer], faults: FaultQueue, ledger: Ledger
    ) -> None:
        self._realms = realms
        self._faults = faults
        self._ledger = ledger

    def find_fault(self, path: str) -> Fault | None:
        """Count the request and return the fault that waits for its endpoint."""
        _, route = self._split(path)
        name = route.name if route else "unknown"
        self._ledger.count(name)
        return self._faults.take(name)

    def answer(self, request: Request) -> Response:
        """Return the answer to a request; a fault of the server itself is a 500."""
        name, route = self._split(request.path)
        if name is None:
            return not_found("Unable to find matching target resource method")
        if name not in self._realms:
            return not_found("Realm does not exist")
        if route is None:
            return not_found()
        try:
            return self._answer(self._realms[name], route, request)
        except Exception:
            logger.exception("kc_exchange.testing.failed endpoint=%s", route.name)
            fault = failed()
            return error_response(fault.error, fault.description, status=fault.status)

    def _split(self, path: str) -> tuple[str | None, Route | None]:
        if not path.startswith(PREFIX):
            return None, None
        name, slash, rest = path.removeprefix(PREFIX).partition("/")
        return name, ROUTES.get((slash + rest).rstrip("/"))

    def _answer(self, server: RealmServer, route: Route, request: Request) -> Response:
        if request.method == "OPTIONS":
            return _preflight(route)
        method = "GET" if request.method == "HEAD" else request.method
        if method not in route.methods:
            return json_response({"error": "HTTP 405 Method Not Allowed"}, status=405)
        try:
            _check_realm(server)
            return route.answer(server, request)
        except OAuthError as refusal:
            return _refused(route, refusal)
        except PageError as refusal:
            page = pages.error_page(server.realm, refusal.message)
            return html_response(page, status=refusal.status)


def _check_realm(server: RealmServer) -> None:
    if not server.realm.enabled:
        raise OAuthError("access_denied", "Realm not enabled", status=403)


def _refused(route: Route, refusal: OAuthError) -> Response:
    document = {"error": refusal.error}
    if refusal.description is not None:
        document["error_description"] = refusal.description
    document |= refusal.more
    stored = route.name != "token"
    return json_response(document, status=refusal.status, store=stored)


def _preflight(route: Route) -> Response:
    allow = ", ".join((*route.methods, "OPTIONS"))
    return Response(headers=(("Access-Control-Allow-Methods", allow), *NO_STORE))
