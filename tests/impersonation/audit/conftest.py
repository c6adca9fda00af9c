from __future__ import annotations

from tests.impersonation.audit.engines import engine, site
from tests.impersonation.audit.tools import history, migrated, owner

__all__ = ["engine", "history", "migrated", "owner", "site"]
