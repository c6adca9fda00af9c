"""The addresses of this package: `path("impersonation/", include("kc_exchange.urls"))`.

The form is in the admin; the banner's button posts here.
"""

from __future__ import annotations

from django.urls import path

from kc_exchange import views

app_name = "kc_exchange"
urlpatterns = [path("end/", views.end, name="end")]
