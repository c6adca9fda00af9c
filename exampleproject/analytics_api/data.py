"""What sold how often in the last 30 days, by brand."""

from __future__ import annotations

SOLD = (
    {"name": "Morning mug", "shop": 412, "studio": 96},
    {"name": "Soup bowl", "shop": 288, "studio": 31},
    {"name": "Dinner plate", "shop": 274, "studio": 122},
    {"name": "Half-litre jug", "shop": 97, "studio": 58},
    {"name": "Bud vase", "shop": 61, "studio": 187},
    {"name": "Salt jar", "shop": 143, "studio": 44},
)
