from __future__ import annotations

from tests.admin.office import office

__all__ = ["office"]
