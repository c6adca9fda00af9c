from __future__ import annotations

from tests.exchange.desk import desk
from tests.servers.site import site

__all__ = ["desk", "site"]
