from __future__ import annotations

from tests.impersonation.audit.attacks import written
from tests.impersonation.audit.engines import engine, site
from tests.impersonation.audit.exports import all_types
from tests.impersonation.audit.tools import history, migrated, owner

__all__ = ["all_types", "engine", "history", "migrated", "owner", "site", "written"]
