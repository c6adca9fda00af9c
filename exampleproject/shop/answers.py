"""Answer a person with a page and a program with JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import JsonResponse
from django.shortcuts import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

_JSON = "application/json"


def answered(
    request: HttpRequest, page: str, facts: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Return `facts` on the page of that name, or as JSON where that is preferred."""
    response: HttpResponse
    if request.get_preferred_type(["text/html", _JSON]) == _JSON:
        response = JsonResponse(dict(facts), status=status)
    else:
        response = render(request, f"exampleproject/{page}.html", facts, status=status)
    response["Cache-Control"] = "no-store"
    return response
