"""An API to call: what it answers is what the views were told."""

from __future__ import annotations

from django.urls import path
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import (
    AllowAny,
    BasePermission,
    IsAdminUser,
    IsAuthenticated,
)
from rest_framework.response import Response
from rest_framework.views import APIView

from kc_exchange.drf import (
    HasClientRole,
    HasRealmRole,
    HasScope,
    KeycloakBearerAuthentication,
)


class Nobody(BasePermission):
    def has_permission(self, *_):
        """Never."""
        return False


class Me(APIView):
    authentication_classes = (KeycloakBearerAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request):
        """Tell who is calling."""
        actor = request.auth.actor if request.auth else None
        return Response(
            {
                "user": request.user.get_username(),
                "subject": request.auth.subject if request.auth else None,
                "actor": actor.subject if actor else None,
            }
        )

    def post(self, request):
        """Tell what came."""
        return Response({"data": request.data})


def view(permission, **attributes):
    class View(Me):
        permission_classes = (permission,)

    for name, value in attributes.items():
        setattr(View, name, value)
    return View.as_view()


def with_object(permission):
    class WithObject(Me):
        permission_classes = (permission,)

        def get(self, request):
            """Check an object, too."""
            self.check_object_permissions(request, object())
            return super().get(request)

    return WithObject.as_view()


READ = HasScope("orders:read")
BOTH = [SessionAuthentication, KeycloakBearerAuthentication]
urlpatterns = [
    path("me", Me.as_view()),
    path("open", view(AllowAny)),
    path("bearer-first", view(IsAuthenticated, authentication_classes=BOTH[::-1])),
    path("session-first", view(IsAuthenticated, authentication_classes=BOTH)),
    path("session-scope", view(READ, authentication_classes=BOTH)),
    path("scope", view(READ)),
    path("scopes", view(HasScope("profile", "orders:read"))),
    path("profile", view(HasScope("profile", "email"))),
    path("customer", view(HasRealmRole("customer"))),
    path("customer-here", view(HasRealmRole("customer", realm="default"))),
    path("customer-there", view(HasRealmRole("customer", realm="other"))),
    path(
        "account-there", view(HasClientRole("account", "view-profile", realm="other"))
    ),
    path("staff", view(HasRealmRole("staff", "customer"))),
    path("account", view(HasClientRole("account", "view-profile"))),
    path("other-client", view(HasClientRole("orders-api", "view-profile"))),
    path("and", view(HasScope("profile") & HasRealmRole("customer"))),
    path("and-not", view(HasScope("profile") & HasRealmRole("staff"))),
    path("or", view(READ | HasRealmRole("customer"))),
    path("or-admin", view(READ | IsAdminUser)),
    path("admin-or", view((IsAdminUser & IsAuthenticated) | READ)),
    path("not", view(~HasScope("profile"))),
    path("nobody", view(Nobody)),
    path("object", with_object(HasScope("profile"))),
    path("object-not", with_object(~READ)),
]
