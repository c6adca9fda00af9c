"""No URLs of its own: tests bring theirs."""

from __future__ import annotations

from typing import Any

urlpatterns: list[Any] = []
