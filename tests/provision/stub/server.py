"""As much of Keycloak's admin API as provision asks, kept in memory.

The tests that need no real Keycloak run against this; the same ones, and more, run
against real ones, so that the two cannot drift apart.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from kc_exchange.testing.faults import Fault
from kc_exchange.testing.http_server import HttpServer
from kc_exchange.testing.messages import Response, json_response
from kc_exchange.testing.serving import Serving
from tests.provision.stub.clients import Clients
from tests.provision.stub.people import People
from tests.provision.stub.providers import Providers
from tests.provision.stub.routes import ROUTES, NoFeature, Refused

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from kc_exchange.testing.messages import Request

_TOKEN = re.compile(r"/realms/([^/]+)/protocol/openid-connect/token")
_REALM = re.compile(r"/admin/realms/([^/]+)(?:/(.*))?")
FEATURES = {
    "token-exchange": "TOKEN_EXCHANGE",
    "admin-fine-grained-authz:v1": "ADMIN_FINE_GRAINED_AUTHZ",
    "token-exchange-standard": "TOKEN_EXCHANGE_STANDARD_V2",
    "jwt-authorization-grant": "JWT_AUTHORIZATION_GRANT",
}
ALL = tuple(FEATURES)


class AdminRealm(Clients, People, Providers):
    """All that a realm can be asked."""


class AdminApi(Serving):
    """A server with an administrator, and no realm but master."""

    def __init__(
        self, features: Iterable[str] = ALL, *, tls: ssl.SSLContext | None = None
    ) -> None:
        address = ("127.0.0.1", 0)
        self._server = HttpServer(address, self._answer, self._fault, tls)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.port}"
        self.features = set(features)
        self.realms: dict[str, AdminRealm] = {}
        self.refuses: dict[str, Response] = {}
        """Answers to calls whose method and path, below the realm, match."""
        self.forgets: set[str] = set()
        """Paths below a realm whose changes are taken and ignored."""
        self.calls: list[str] = []
        """What was changed, as method and path."""
        self.tokens: set[str] = set()
        """Those that are good; to forget one is to let it end."""
        self.login: Response | None = None
        """What answers each login, in place of a token."""
        self.breaks: set[str] = set()
        self.broken = 0
        """Calls whose connection is cut, and how often that was done."""

    def _answer(self, request: Request) -> Response:
        token = _TOKEN.fullmatch(request.path)
        if token:
            return self.login or self._login(token[1], request)
        if request.bearer not in self.tokens:
            return json_response({"error": "HTTP 401 Unauthorized"}, status=401)
        if request.path == "/admin/serverinfo":
            return json_response({"features": self._reported()})
        body: Any = json.loads(request.body or b"null")
        if request.path == "/admin/realms":
            return self._make(body)
        found = _REALM.fullmatch(request.path)
        assert found, request.path
        return self._asked(request, found[1], found[2] or "", body)

    def _login(self, realm: str, request: Request) -> Response:
        if realm != "master":
            return json_response({"error": "Realm does not exist"}, status=404)
        known = {request.form.first(n) for n in ("password", "client_secret")}
        if "admin" not in known:
            return json_response({"error": "invalid_grant"}, status=401)
        token = str(uuid.uuid4())
        self.tokens.add(token)
        return json_response({"access_token": token, "expires_in": 60})

    def _fault(self, path: str) -> Fault | None:
        if path not in self.breaks:
            return None
        self.broken += 1
        return Fault(endpoint="admin", reset=True)

    def _reported(self) -> list[dict[str, Any]]:
        return [
            {"name": reported, "enabled": name in self.features}
            for name, reported in FEATURES.items()
        ]

    def _make(self, body: dict[str, Any]) -> Response:
        self.calls.append("POST realms")
        refusal = self.refuses.get("POST realms")
        if refusal is not None:
            return refusal
        self.realms[body["realm"]] = AdminRealm(body, self.features)
        return Response(status=201)

    def _asked(self, request: Request, name: str, path: str, body: Any) -> Response:
        realm = self.realms.get(name)
        if realm is None:
            return json_response({"error": "Realm not found."}, status=404)
        if request.method == "DELETE" and not path:
            del self.realms[name]
            return Response(status=204)
        if request.method != "GET":
            self.calls.append(f"{request.method} {path}")
        refusal = self.refuses.get(f"{request.method} {path}")
        if refusal is not None:
            return refusal
        if request.method != "GET" and path in self.forgets:
            return Response(status=204)
        return self._routed(realm, request, path, body)

    def _routed(
        self, realm: AdminRealm, request: Request, path: str, body: Any
    ) -> Response:
        for method, pattern, answer in ROUTES:
            found = re.fullmatch(pattern, path)
            if method == request.method and found:
                query = {name: request.query.first(name) for name in request.query}
                try:
                    said = answer(realm, *found.groups(), body=body, query=query)
                except NoFeature:
                    said = {"error": "Feature not enabled"}
                    return json_response(said, status=501)
                except Refused as refusal:
                    said = {"errorMessage": str(refusal)}
                    return json_response(said, status=refusal.status)
                status = {"POST": 201, "GET": 200}.get(method, 204)
                if method == "GET" and said is None:
                    return json_response({"error": "Not found"}, status=404)
                if said is None:
                    return Response(status=204 if method != "POST" else 201)
                return json_response(said, status=200 if status == 204 else status)
        raise AssertionError(f"{request.method} {path}")
