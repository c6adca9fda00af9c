"""The button on the admin's own page of users, by one setting."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.auth import get_user_model

from kc_exchange.admin.impersonate import ImpersonateMixin


def extend_user_admin(site: admin.AdminSite | None = None) -> bool:
    """Give whatever `ModelAdmin` shows the users on `site` the button.

    Called when the app is ready, in whatever place it has in INSTALLED_APPS: where the
    admin has not looked for `admin` modules yet, it does so now, and finds nothing
    left to do when its turn comes.

    Returns:
        Whether the site shows users at all.
    """
    if site is None:
        site = admin.site
        if isinstance(apps.get_app_config("admin"), AdminConfig):
            admin.autodiscover()
    model = get_user_model()
    try:
        kind = type(site.get_model_admin(model))
    except NotRegistered:
        return False
    if not issubclass(kind, ImpersonateMixin):
        site.unregister(model)
        named = {"__module__": kind.__module__, "__doc__": kind.__doc__}
        site.register(model, type(kind.__name__, (ImpersonateMixin, kind), named))
    return True
