from __future__ import annotations

from tests.admin.office import office
from tests.impersonation.desk import desk
from tests.impersonation.realm_desk import keycloak, realm_desk

__all__ = ["desk", "keycloak", "office", "realm_desk"]
