"""The shop's addresses."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from exampleproject.shop import api, login, views

urlpatterns = [
    path("", views.home, name="home"),
    path("orders/", views.orders, name="orders"),
    path("invoices/", views.invoices, name="invoices"),
    path("behind/", views.behind, name="behind"),
    path("api/orders/", api.OrdersView.as_view(), name="api-orders"),
    path("login/", login.LoginView.as_view(), name="login"),
    path("login/failed/", login.failed, name="login-failed"),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("admin/login/", login.admin_login),
    path("admin/", admin.site.urls),
]
