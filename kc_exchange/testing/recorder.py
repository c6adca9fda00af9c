"""Stand in for a downstream service and record its requests."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange.testing.http_server import HttpServer
from kc_exchange.testing.messages import Request, Response
from kc_exchange.testing.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """Hold one request that a downstream got; `headers` keys are lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def token(self) -> str | None:
        """Return the access token of the request, or None (RFC 6750, RFC 9449)."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value if scheme.lower() in ("bearer", "dpop") and value else None


class DownstreamRecorder(Serving):
    """Stand in for a downstream service and record every request.

    Each request is answered with 200 and `{"ok": true}`, unless `answer_next` put
    another answer first.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._lock = threading.Lock()
        self._host = host
        self._requests: list[RecordedRequest] = []
        self._answers: list[Response] = []
        self._server = HttpServer((host, port), self._answer, lambda _: None)

    @property
    def url(self) -> str:
        """Return the address of the service, with a slash at the end."""
        return f"http://{self._host}:{self._server.port}/"

    @property
    def requests(self) -> list[RecordedRequest]:
        """Return the recorded requests, in order."""
        with self._lock:
            return list(self._requests)

    @property
    def tokens(self) -> list[str]:
        """Return the access tokens the service was sent, in order."""
        return [request.token for request in self.requests if request.token]

    def answer_next(
        self,
        status: int = 200,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        times: int = 1,
    ) -> None:
        """Answer the next requests with this status, JSON body and headers."""
        fields = {"Content-Type": "application/json"} | dict(headers or {})
        content = b"" if body is None else json.dumps(body).encode()
        answer = Response(status=status, headers=tuple(fields.items()), body=content)
        with self._lock:
            self._answers.extend([answer] * times)

    def assert_no_token_seen(self) -> None:
        """Check that nobody sent this service an Authorization header.

        Raises:
            AssertionError: somebody did; the header itself is not shown.
        """
        seen = [
            request for request in self.requests if "authorization" in request.headers
        ]
        if seen:
            places = ", ".join(f"{r.method} {r.path}" for r in seen)
            raise AssertionError(f"{self.url} was sent Authorization by: {places}")

    def clear(self) -> None:
        """Forget all requests and waiting answers."""
        with self._lock:
            self._requests.clear()
            self._answers.clear()

    def _answer(self, request: Request) -> Response:
        recorded = RecordedRequest(
            method=request.method,
            path=request.path,
            query=request.query.values,
            headers=_lower(request.headers.items()),
            body=request.body,
        )
        with self._lock:
            self._requests.append(recorded)
            if self._answers:
                return self._answers.pop(0)
        headers = (("Content-Type", "application/json"),)
        return Response(headers=headers, body=b'{"ok": true}')


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
