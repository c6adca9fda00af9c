from __future__ import annotations

from tests.impersonation.desk import desk

__all__ = ["desk"]
