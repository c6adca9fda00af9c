"""Keep an API's endpoints from whoever acts as somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission

from kc_exchange.impersonation.errors import ForbiddenWhileImpersonating
from kc_exchange.impersonation.marks import refuse_while_impersonating

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class NotWhileImpersonating(BasePermission):
    """Deny whatever a person has to do themself, such as changing a password.

    The answer's `code` is `forbidden_while_impersonating`.
    """

    message = ForbiddenWhileImpersonating.cause
    code = ForbiddenWhileImpersonating().code

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether nobody acts as somebody else in this request."""
        del view
        try:
            refuse_while_impersonating(request)
        except ForbiddenWhileImpersonating:
            return False
        return True

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        """Return the same: `~` asks here, too."""
        del obj
        return self.has_permission(request, view)
