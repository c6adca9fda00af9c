"""The invoices, by the `sub` of who owes them; amounts in cents."""

from __future__ import annotations

from typing import Any

ALICE = "ac6e8721-d617-5576-8b2a-aa0ac2f97123"
BOB = "f46a07bf-0578-5d5a-812c-8461edfe224b"
NORA = "e4e3e317-8951-585b-8e57-44fc411e4dce"


def _invoice(
    number: str, order: str, issued_on: str, amount: int, state: str
) -> dict[str, Any]:
    return {
        "number": number,
        "order": order,
        "issued_on": issued_on,
        "amount": amount,
        "state": state,
    }


INVOICES = {
    ALICE: [
        _invoice("2026-0118", "A-1042", "2026-03-02", 9600, "due"),
        _invoice("2026-0041", "A-0987", "2026-01-19", 11600, "paid"),
    ],
    BOB: [_invoice("2026-0077", "B-0311", "2026-02-11", 18600, "paid")],
    NORA: [_invoice("2026-0102", "S-0042", "2026-02-24", 9000, "due")],
}
