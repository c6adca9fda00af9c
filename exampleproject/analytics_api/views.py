"""What analytics-api answers, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.response import Response
from rest_framework.views import APIView

from exampleproject.analytics_api.data import SOLD
from exampleproject.services.seen import claims_of, seen
from kc_exchange.drf import HasScope

if TYPE_CHECKING:
    from rest_framework.request import Request


class Sold(APIView):
    """How often each product was sold, in both brands."""

    permission_classes = (HasScope("analytics:read"),)

    def get(self, request: Request) -> Response:
        """Answer with the numbers, and with what was seen of the token."""
        return Response({"sold": SOLD, "seen": seen(claims_of(request).claims)})
