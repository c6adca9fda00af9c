"""A project's own page of users, which replaces Django's."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User


class ClerkAdmin(UserAdmin):
    """Show what every kind of user has."""

    list_display = ("__str__", "is_staff")
    fieldsets = ((None, {"fields": ("email", "is_active", "is_staff")}),)
    ordering = ("pk",)
    search_fields = ("email",)


if get_user_model() is User:
    admin.site.unregister(User)
admin.site.register(get_user_model(), ClerkAdmin)
