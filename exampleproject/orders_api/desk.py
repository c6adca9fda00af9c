"""Take orders, for as long as this process runs."""

from __future__ import annotations

import copy
import threading
from typing import Any

from django.utils import timezone

from exampleproject.orders_api.data import ORDERS

_MOST = 50
_lock = threading.Lock()


def order_again(subject: str, number: str) -> dict[str, Any] | None:
    """Place one of the customer's orders once more, and return the new one.

    None where they have no order of that number, or have enough of them.
    """
    with _lock:
        mine = ORDERS.get(subject, [])
        found = next((order for order in mine if order["number"] == number), None)
        if found is None or len(mine) >= _MOST:
            return None
        order = copy.deepcopy(found) | {
            "number": _next(mine),
            "placed_on": timezone.localdate().isoformat(),
            "state": "received",
        }
        mine.insert(0, order)
        return order


def _next(orders: list[dict[str, Any]]) -> str:
    """Return the number after the highest: `A-1043` after `A-1042`."""
    letter, _, highest = max(str(order["number"]) for order in orders).partition("-")
    return f"{letter}-{int(highest) + 1:04d}"
