"""Let a logout reach what was obtained for the login: tokens, sessions, grants.

Django's logout, a new password, deactivation and deletion are heard of by signals, a
logout at Keycloak by its back channel (`kc_exchange.urls`). For what sends no signal,
such as `User.objects.filter(...).update(is_active=False)`, call `forget_user`.
"""

from __future__ import annotations

from kc_exchange.logout.backchannel import obey
from kc_exchange.logout.people import forget_user
from kc_exchange.logout.records import sweep

__all__ = ["forget_user", "obey", "sweep"]
