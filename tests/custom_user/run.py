"""Make users of claims, and print what became of them."""

from __future__ import annotations

import json
import sys

import django
from django.core.management import call_command

django.setup()
call_command("migrate", run_syncdb=True, verbosity=0)

from kc_exchange.models import user_of  # noqa: E402 - after the setup

users = [user_of({"iss": "https://id", **claims}) for claims in json.load(sys.stdin)]
json.dump(
    [
        user and [str(user.pk), user.get_username(), user.has_usable_password()]
        for user in users
    ],
    sys.stdout,
)
