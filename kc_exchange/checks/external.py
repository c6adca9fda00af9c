"""Checks of the endpoint for external tokens, where a project has it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.core.checks import Tags, register
from django.urls import URLResolver, get_resolver

from kc_exchange.checks.message import warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage


@register(Tags.security, deploy=True)
def check_throttling(**_kwargs: Any) -> list[CheckMessage]:
    """W027, W028: whether the endpoint limits how often Keycloak is asked."""
    if find_spec("rest_framework") is None:
        return []
    found = list(_endpoints(get_resolver()))
    return [*_unthrottled(found), *_address_of_choice(found)]


def _endpoints(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield where the view, or one derived from it, is, and what throttles it."""
    from kc_exchange.drf import ExternalTokenView  # noqa: PLC0415

    for pattern in resolver.url_patterns:
        where = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _endpoints(pattern, where)
            continue
        view = getattr(pattern.callback, "cls", None)
        if isinstance(view, type) and issubclass(view, ExternalTokenView):
            given: dict[str, Any] = getattr(pattern.callback, "initkwargs", {})
            yield where, given.get("throttle_classes", view.throttle_classes)


def _unthrottled(found: list[tuple[str, Any]]) -> Iterator[CheckMessage]:
    for where, throttles in found:
        if not throttles:
            yield warning(
                "W027",
                f"ExternalTokenView at {where!r} has no throttle: whoever has one "
                "token begins as many sessions at Keycloak as they send requests.",
                "Leave throttle_classes to the view, or silence this check where "
                "something before Django throttles.",
            )


def _address_of_choice(found: list[tuple[str, Any]]) -> Iterator[CheckMessage]:
    from rest_framework.settings import api_settings  # noqa: PLC0415

    if any(throttles for _, throttles in found) and api_settings.NUM_PROXIES is None:
        yield warning(
            "W028",
            "REST_FRAMEWORK has no NUM_PROXIES: the throttle of ExternalTokenView "
            "believes any X-Forwarded-For, so a sender is somebody else each time.",
            "Set it to the number of proxies before Django, 0 for none.",
        )
