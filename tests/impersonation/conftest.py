from __future__ import annotations

from tests.impersonation.desk import desk
from tests.impersonation.realm_desk import keycloak, realm_desk

__all__ = ["desk", "keycloak", "realm_desk"]
