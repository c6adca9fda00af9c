"""The shop's addresses."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from mozilla_django_oidc.views import OIDCLogoutView

from exampleproject.shop import account, api, login, views
from kc_exchange.drf import ExternalTokenView
from kc_exchange.impersonation import as_operator

admin.site.site_header = admin.site.site_title = "Kiln, behind the counter"
admin.site.index_title = "The shop"

urlpatterns = [
    path("", views.home, name="home"),
    path("orders/", views.orders, name="orders"),
    path("orders/<str:number>/again/", views.order_again, name="order-again"),
    path("invoices/", views.invoices, name="invoices"),
    path("trends/", views.trends, name="trends"),
    path("behind/", views.behind, name="behind"),
    path("account/", account.account, name="account"),
    path("api/orders/", api.OrdersView.as_view(), name="api-orders"),
    path(
        "api/token/",
        ExternalTokenView.as_view(subject_issuers=["parcel"], scopes=["shop-api"]),
    ),
    path("login/", login.LoginView.as_view(), name="login"),
    path("login/failed/", login.failed, name="login-failed"),
    # Whoever logs out leaves altogether, also in the middle of an impersonation.
    path("oidc/logout/", as_operator(OIDCLogoutView.as_view()), name="oidc_logout"),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("impersonation/", include("kc_exchange.urls")),
    path("admin/login/", login.admin_login),
    path("admin/logout/", OIDCLogoutView.as_view()),
    path("admin/", admin.site.urls),
]
