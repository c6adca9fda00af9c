"""Make the tables, and operators of the names that the arguments are."""

from __future__ import annotations

import sys

import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)

from django.contrib.auth import get_user_model  # noqa: E402 - after the setup
from django.contrib.auth.models import Permission  # noqa: E402

_ALLOWED = Permission.objects.filter(codename="impersonate")
for _name in sys.argv[1:]:
    _operator = get_user_model().objects.create(username=_name, is_staff=True)
    _operator.user_permissions.add(*_ALLOWED)
