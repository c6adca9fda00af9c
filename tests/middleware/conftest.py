from __future__ import annotations

from tests.servers.site import site

__all__ = ["site"]
