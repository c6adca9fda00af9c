"""What the shop sells; prices in cents."""

from __future__ import annotations

from typing import NamedTuple


class Product(NamedTuple):
    """One thing on the shelf; `shape` is its outline as an SVG path."""

    key: str
    name: str
    about: str
    price: int
    shape: str


PRODUCTS = (
    Product(
        "mug",
        "Morning mug",
        "Holds a long coffee, and the warmth of it.",
        2400,
        "M18 16h36v34a8 8 0 0 1-8 8H26a8 8 0 0 1-8-8zM54 24h5a9 9 0 0 1 0 18h-5",
    ),
    Product(
        "bowl",
        "Soup bowl",
        "Deep enough for seconds.",
        2900,
        "M10 28h60a30 26 0 0 1-22 26v4H32v-4a30 26 0 0 1-22-26z",
    ),
    Product(
        "plate",
        "Dinner plate",
        "Flat, broad, and it stacks.",
        3100,
        "M6 36h68l-12 12a8 8 0 0 1-6 3H24a8 8 0 0 1-6-3z",
    ),
    Product(
        "jug",
        "Half-litre jug",
        "Pours without a drip.",
        4800,
        "M24 12l30 0-4 14a22 22 0 0 1 6 14c0 10-6 18-12 18H30c-6 0-12-8-12-18"
        "a22 22 0 0 1 8-16zM52 24c14-2 16 20 3 22",
    ),
    Product(
        "vase",
        "Bud vase",
        "For the one branch you brought home.",
        3600,
        "M34 8h12v16c0 6 14 10 14 24 0 8-8 12-20 12s-20-4-20-12c0-14 14-18 14-24z",
    ),
    Product(
        "jar",
        "Salt jar",
        "With a lid that sits.",
        2700,
        "M36 8h8v6h-8zM22 14h36v8H22zM20 22h40v28a8 8 0 0 1-8 8H28a8 8 0 0 1-8-8z",
    ),
)
