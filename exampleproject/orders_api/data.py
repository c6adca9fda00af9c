"""The orders, by the `sub` of who placed them; prices in cents."""

from __future__ import annotations

from typing import Any

ALICE = "ac6e8721-d617-5576-8b2a-aa0ac2f97123"
BOB = "f46a07bf-0578-5d5a-812c-8461edfe224b"
NORA = "e4e3e317-8951-585b-8e57-44fc411e4dce"
SAM = "2668dc7e-24c6-5884-8da3-373583c86216"

STOCK = {"bowl": 14, "mug": 32, "plate": 21, "jug": 3, "vase": 0, "jar": 9}


def _line(product: str, name: str, quantity: int, price: int) -> dict[str, Any]:
    return {"product": product, "name": name, "quantity": quantity, "price": price}


def _order(
    number: str, placed_on: str, state: str, *lines: dict[str, Any]
) -> dict[str, Any]:
    total = sum(line["quantity"] * line["price"] for line in lines)
    return {
        "number": number,
        "placed_on": placed_on,
        "state": state,
        "lines": lines,
        "total": total,
    }


ORDERS: dict[str, list[dict[str, Any]]] = {
    ALICE: [
        _order(
            "A-1042",
            "2026-03-02",
            "on its way",
            _line("mug", "Morning mug", 2, 2400),
            _line("jug", "Half-litre jug", 1, 4800),
        ),
        _order(
            "A-0987", "2026-01-19", "delivered", _line("bowl", "Soup bowl", 4, 2900)
        ),
    ],
    BOB: [
        _order(
            "B-0311",
            "2026-02-11",
            "delivered",
            _line("plate", "Dinner plate", 6, 3100),
        )
    ],
    NORA: [
        _order(
            "S-0042",
            "2026-02-24",
            "on its way",
            _line("vase", "Bud vase", 1, 3600),
            _line("jar", "Salt jar", 2, 2700),
        )
    ],
    SAM: [],
}
