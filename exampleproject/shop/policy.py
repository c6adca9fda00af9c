"""Let the browser run and load what comes from this shop, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.deprecation import MiddlewareMixin

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self' {keycloak}; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class PolicyMiddleware(MiddlewareMixin):
    """Send a Content-Security-Policy without exceptions for inline code.

    Keycloak is named, since the button to log out leads there in the end.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Add the header; the admin's pages get it like all others."""
        del request
        keycloak = urlsplit(settings.ISSUER)
        response.headers["Content-Security-Policy"] = _POLICY.format(
            keycloak=f"{keycloak.scheme}://{keycloak.netloc}"
        )
        return response
