"""The shop's API, for its app with a bearer token and for its pages' session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.response import Response
from rest_framework.views import APIView

from exampleproject.shop.sightings import sighted
from kc_exchange import downstream_session

if TYPE_CHECKING:
    from rest_framework.request import Request


class OrdersView(APIView):
    """Orders and invoices of whoever asks."""

    def get(self, request: Request) -> Response:
        """Ask both services as that user, each with a token of its own."""
        orders = _fetched("orders-api", "v1/orders/")
        invoices = _fetched("billing-api", "v1/invoices/")
        return Response(
            {
                "customer": request.user.get_username(),
                "orders": orders["orders"],
                "invoices": invoices["invoices"],
                "seen": {
                    "orders-api": sighted(orders["seen"]),
                    "billing-api": sighted(invoices["seen"]),
                },
            }
        )


def _fetched(downstream: str, path: str) -> dict[str, Any]:
    with downstream_session(downstream) as session:
        reply = session.get(path)
    reply.raise_for_status()
    found: dict[str, Any] = reply.json()
    return found
