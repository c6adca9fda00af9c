"""What billing-api answers, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.response import Response
from rest_framework.views import APIView

from exampleproject.billing_api.data import INVOICES
from exampleproject.services.seen import claims_of, seen
from kc_exchange.drf import HasScope

if TYPE_CHECKING:
    from rest_framework.request import Request


class Invoices(APIView):
    """The invoices of the user whom the token speaks for."""

    permission_classes = (HasScope("billing:read"),)

    def get(self, request: Request) -> Response:
        """Answer with them, and with what was seen of the token."""
        claims = claims_of(request)
        invoices = INVOICES.get(claims.subject, [])
        return Response({"invoices": invoices, "seen": seen(claims.claims)})
