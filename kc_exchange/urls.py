"""The addresses of this package: `path("impersonation/", include("kc_exchange.urls"))`.

The form is in the admin; the banner's button posts here, and Keycloak its logout
tokens to `backchannel-logout/`.
"""

from __future__ import annotations

from django.urls import path

from kc_exchange import views

app_name = "kc_exchange"
urlpatterns = [
    path("end/", views.end, name="end"),
    path("backchannel-logout/", views.backchannel_logout, name="backchannel-logout"),
]
