"""Hold HTTP requests and responses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import Message

Json = dict[str, Any]

NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
HARDENING = (
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
)


@dataclass(frozen=True, slots=True)
class Form:
    """Hold decoded parameters, each with all the values it was sent with."""

    values: Mapping[str, list[str]]

    @classmethod
    def parse(cls, text: str) -> Form:
        """Decode `application/x-www-form-urlencoded` text."""
        return cls(parse_qs(text, keep_blank_values=True))

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def first(self, name: str) -> str | None:
        """Return the parameter's first value, or None if it was not sent."""
        values = self.values.get(name)
        return values[0] if values else None

    def every(self, name: str) -> tuple[str, ...]:
        """Return all values of the parameter, in the order they were sent."""
        return tuple(self.values.get(name, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Hold one HTTP request as the endpoints see it."""

    method: str
    path: str
    query: Form
    body: bytes = field(repr=False)
    headers: Message = field(repr=False)
    certificate: Mapping[str, Any] | None = None

    @property
    def form(self) -> Form:
        """Return the body's parameters; empty if the body is no form."""
        kind = self.headers.get_content_type() if "Content-Type" in self.headers else ""
        if kind != "application/x-www-form-urlencoded":
            return Form({})
        return Form.parse(self.body.decode("utf-8", "replace"))

    @property
    def bearer(self) -> str | None:
        """Return the token of the Authorization header (RFC 6750 section 2.1)."""
        scheme, _, value = (self.headers.get("Authorization") or "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" and value.strip() else None

    def cookie(self, name: str) -> str | None:
        """Return the cookie's value, or None."""
        try:
            jar = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return None
        return jar[name].value if name in jar else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Hold one HTTP answer."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def with_headers(self, *headers: tuple[str, str]) -> Response:
        """Return a copy with more headers."""
        return Response(
            status=self.status, headers=self.headers + headers, body=self.body
        )


def json_response(
    document: object, *, status: int = 200, store: bool = True
) -> Response:
    """Return a JSON answer; `store=False` forbids caches to keep it."""
    headers = (("Content-Type", "application/json"), *HARDENING)
    return Response(
        status=status,
        headers=headers if store else headers + NO_STORE,
        body=json.dumps(document, separators=(",", ":")).encode(),
    )


def error_response(error: str, description: str | None, *, status: int) -> Response:
    """Return a refusal in OAuth's JSON form (RFC 6749 section 5.2)."""
    document = {"error": error}
    if description is not None:
        document["error_description"] = description
    return json_response(document, status=status, store=False)


def html_response(page: str, *, status: int = 200) -> Response:
    """Return a page that no cache keeps and no other page frames."""
    headers = (
        ("Content-Type", "text/html;charset=utf-8"),
        ("Cache-Control", "no-store, must-revalidate, max-age=0"),
        *HARDENING,
    )
    policy = "frame-src 'self'; frame-ancestors 'self'; object-src 'none';"
    return Response(
        status=status,
        headers=(*headers, ("Content-Security-Policy", policy)),
        body=page.encode(),
    )


def redirect(location: str, *cookies: str) -> Response:
    """Return a 302 to `location` that also sets the given cookies."""
    fields = tuple(("Set-Cookie", cookie) for cookie in cookies)
    headers = (("Location", location), *fields, *HARDENING, *NO_STORE)
    return Response(status=302, headers=headers)
