"""The screens in Django's admin: start, see and end grants, and read the record.

`ImpersonateMixin` gives a `ModelAdmin` of the user model its button; the classes for
grants, events and identities are registered on `admin.site`, and may be on others.
"""

from django.contrib import admin

from kc_exchange.admin.events import AuditEventAdmin
from kc_exchange.admin.grants import ImpersonationGrantAdmin
from kc_exchange.admin.identities import KeycloakIdentityAdmin
from kc_exchange.admin.impersonate import ImpersonateMixin
from kc_exchange.models import AuditEvent, ImpersonationGrant, KeycloakIdentity

__all__ = [
    "AuditEventAdmin",
    "ImpersonateMixin",
    "ImpersonationGrantAdmin",
    "KeycloakIdentityAdmin",
]

admin.site.register(ImpersonationGrant, ImpersonationGrantAdmin)
admin.site.register(AuditEvent, AuditEventAdmin)
admin.site.register(KeycloakIdentity, KeycloakIdentityAdmin)
