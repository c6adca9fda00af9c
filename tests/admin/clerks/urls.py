from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path


def who(request: Any) -> HttpResponse:
    """Say as whom this runs."""
    return HttpResponse(request.user.get_username())


urlpatterns = [
    path("admin/", admin.site.urls),
    path("who/", who),
    path("impersonation/", include("kc_exchange.urls")),
]
