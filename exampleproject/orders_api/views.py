"""What orders-api answers, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from exampleproject.orders_api.data import ORDERS, STOCK
from exampleproject.orders_api.desk import order_again
from exampleproject.services.seen import claims_of, seen
from kc_exchange.drf import HasRealmRole, HasScope

if TYPE_CHECKING:
    from rest_framework.request import Request


class Orders(APIView):
    """The orders of the user whom the token speaks for."""

    permission_classes = (HasScope("orders:read"),)

    def get(self, request: Request) -> Response:
        """Answer with them, and with what was seen of the token."""
        claims = claims_of(request)
        orders = ORDERS.get(claims.subject, [])
        return Response({"orders": orders, "seen": seen(claims.claims)})


class OrderAgain(APIView):
    """An order of the same things as one before."""

    permission_classes = (HasScope("orders:write"),)

    def post(self, request: Request) -> Response:
        """Place it for the user whom the token speaks for; 404 without the one before.

        Takes `{"number": ...}` of the order before.
        """
        claims = claims_of(request)
        asked = request.data if isinstance(request.data, dict) else {}
        order = order_again(claims.subject, str(asked.get("number", "")))
        if order is None:
            raise NotFound("There is no order of that number to repeat.")
        answer = {"order": order, "seen": seen(claims.claims)}
        return Response(answer, status=status.HTTP_201_CREATED)


class AllOrders(APIView):
    """Everybody's orders, for those who work for the shop."""

    permission_classes = (HasScope("orders:read") & HasRealmRole("staff"),)

    def get(self, request: Request) -> Response:
        """Answer with all of them, the newest first."""
        orders = [order for mine in ORDERS.values() for order in mine]
        orders.sort(key=lambda order: str(order["placed_on"]), reverse=True)
        return Response({"orders": orders, "seen": seen(claims_of(request).claims)})


class Stock(APIView):
    """How many pieces are left of each product."""

    permission_classes = (HasScope("orders:read"),)

    def get(self, request: Request) -> Response:
        """Answer with the numbers."""
        return Response({"stock": STOCK, "seen": seen(claims_of(request).claims)})
