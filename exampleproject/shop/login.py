"""Log in through Keycloak, and say so plainly when that cannot work."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import requests
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import SuspiciousOperation
from django.shortcuts import redirect
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView

from exampleproject.shop.answers import answered
from kc_exchange import capture
from kc_exchange.exceptions import ExchangeMisconfigured, ExchangeUnavailable
from kc_exchange.login.mozilla import KeycloakLoginView

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from kc_exchange.conf import Realm

_log = logging.getLogger("exampleproject")
_SECONDS = 3


class LoginView(KeycloakLoginView):
    """Send the browser to Keycloak, if Keycloak is there."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Redirect, rather than leave the person with the browser's own error."""
        look_for_realm(capture.login_realm(request))
        return super().get(request)


class CallbackView(OIDCAuthenticationCallbackView):  # type: ignore[misc]
    """Take the browser back from Keycloak."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Log in; an address that was used before, or made up, leads to `failed`."""
        try:
            response: HttpResponseBase = super().get(request)
        except SuspiciousOperation as error:
            _log.warning("The login was refused: %s", error)
            return redirect("login-failed")
        return response


def look_for_realm(realm: Realm) -> None:
    """Ask Keycloak for the realm's discovery document.

    Raises:
        ExchangeUnavailable: Keycloak does not answer.
        ExchangeMisconfigured: it has no such realm.
    """
    url = realm.discovery_url or f"{realm.issuer}/.well-known/openid-configuration"
    try:
        with requests.Session() as session:
            session.trust_env = False
            status = session.get(url, timeout=_SECONDS).status_code
    except requests.RequestException:
        raise ExchangeUnavailable(
            f"Keycloak does not answer at {realm.issuer}.",
            "Start Keycloak, or correct SHOP_ISSUER; then try again.",
        ) from None
    if status >= 500:  # noqa: PLR2004
        raise ExchangeUnavailable(f"Keycloak answers with {status}.", status=status)
    if status != 200:  # noqa: PLR2004
        raise ExchangeMisconfigured(
            f"Keycloak has no realm at {realm.issuer}.",
            "Run manage.py kc_exchange provision --apply, or correct SHOP_ISSUER.",
            status=status,
        )


def failed(request: HttpRequest) -> HttpResponse:
    """Tell that the login came to nothing."""
    trouble = {
        "title": "You are not logged in",
        "cause": "Keycloak did not let you in, or the shop could not finish the login.",
        "fix": "Try again, in the same browser and with its cookies allowed.",
    }
    return answered(request, "trouble", {"trouble": trouble, "retry": True}, 403)


def admin_login(request: HttpRequest) -> HttpResponse:
    """Let the staff into the admin through Keycloak, and nobody else."""
    if request.user.is_anonymous:
        return redirect_to_login(request.GET.get("next", "/admin/"))
    if request.user.is_staff:
        return redirect("admin:index")
    trouble = {
        "title": "This part is for the staff",
        "cause": f"{request.user.get_username()} is logged in, but is not staff.",
        "fix": "Log out, and log in as somebody with the realm role staff.",
    }
    return answered(request, "trouble", {"trouble": trouble}, 403)
