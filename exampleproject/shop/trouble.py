"""Say what is wrong when a service cannot be asked, and what to do about it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import httpx
import requests
from django.conf import settings
from django.utils.deprecation import MiddlewareMixin

from exampleproject.shop.answers import answered
from kc_exchange import conf
from kc_exchange.exceptions import ExchangeError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_log = logging.getLogger("exampleproject")
_UNAUTHORIZED, _FORBIDDEN = 401, 403


class Trouble(NamedTuple):
    """What went wrong, in words for a person."""

    title: str
    cause: str
    fix: str


class TroubleMiddleware(MiddlewareMixin):
    """Answer for a service that is away, or that refuses; 502 in both cases."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        """Return a page, or JSON, with cause and fix."""
        if not isinstance(exception, (requests.RequestException, httpx.HTTPError)):
            return None
        trouble = trouble_of(exception)
        _log.warning("%s Fix: %s", trouble.cause, trouble.fix)
        return answered(request, "trouble", {"trouble": trouble._asdict()}, 502)


def trouble_of(error: Exception) -> Trouble:
    """Return what `error`, of a call to a service, means."""
    if isinstance(error, ExchangeError):
        return Trouble("A part of this page is missing", error.cause, error.fix)
    name = _service(error)
    status = getattr(getattr(error, "response", None), "status_code", 0)
    if name == "Keycloak":
        return _of_keycloak(status)
    if status:
        return _refusal(name, status)
    return Trouble(
        f"{name} does not answer",
        f"No answer came from {name}.",
        f"Start {name}, or correct its address in the shop's settings.",
    )


def _of_keycloak(status: int) -> Trouble:
    """Its user info is a downstream like others, but nobody starts it from here."""
    said = f"Keycloak answered with {status}." if status else "Keycloak is away."
    fix = "Start Keycloak, or read its log; then try again."
    return Trouble("The login service is not available", said, fix)


def _refusal(name: str, status: int) -> Trouble:
    title = f"{name} refuses the call"
    if status == _UNAUTHORIZED:
        return Trouble(
            title,
            f"{name} does not accept the token it was given (401): it was made for "
            "another service, or by another realm.",
            f"Let AUDIENCE of {name} in the shop's settings be the client id that "
            f"{name} knows itself by, and ISSUER the same in both.",
        )
    if status == _FORBIDDEN:
        return Trouble(
            title,
            f"{name} accepts the token, but its user may not do this (403).",
            "Give the user the role that the service asks for.",
        )
    return Trouble(
        f"{name} cannot answer",
        f"{name} answered with {status}.",
        f"Read the log of {name}.",
    )


def _service(error: Exception) -> str:
    """The downstream whose address was called."""
    try:
        url = str(getattr(getattr(error, "request", None), "url", ""))
    except RuntimeError:  # httpx: this error has no request
        url = ""
    if url.startswith(settings.ISSUER):
        return "Keycloak"
    found = (
        downstream.audience
        for downstream in conf.current().downstreams.values()
        if url.startswith(downstream.base_url)
    )
    return next(found, "The service")
