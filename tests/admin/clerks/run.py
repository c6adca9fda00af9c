"""Go from the list of users to the site as one of them, and back; print what was."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import django
from django.core.management import call_command

django.setup()
call_command("migrate", run_syncdb=True, verbosity=0)

from django.contrib import admin  # noqa: E402 - after the setup
from django.contrib.auth import get_user_model  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

model: Any = get_user_model()
names = model._meta
pages = f"admin:{names.app_label}_{names.model_name}"


def made(pk: str, **flags: Any) -> Any:
    """Make a user; the key is for those whose key is text."""
    key = {"pk": pk} if model.__name__ == "Clerk" else {}
    mail = f"{pk[0]}@example.com"
    name = {} if model.USERNAME_FIELD == "email" else {"username": pk[0]}
    user = model(email=mail, **name, **key, **flags)
    user.set_password("a password")
    user.save()
    return user


operator = made("o/perator_1", is_staff=True, is_superuser=True)
target = made("a/_2F lice:é")
client = Client()
client.force_login(operator)
listed = client.get(reverse(f"{pages}_changelist")).content.decode()
links = re.findall(r'href="([^"]+/impersonate/)"', listed)
form = {"reason": "a reason to look", "minutes": 5, "mode": "read-only"}
started = client.post(links[0], form)
who = client.get(started["Location"]).content.decode()
ended = client.post("/impersonation/end/")
back = client.get(ended["Location"])
json.dump(
    {
        "admin": [
            kind.__name__ for kind in type(admin.site.get_model_admin(model)).mro()
        ],
        "links": len(links),
        "form": client.get(links[0]).status_code,
        "who": who,
        "target": target.get_username(),
        "back": back.status_code,
        "acted": "Who acted as this person" in back.content.decode(),
        "listed": "a reason to look" in back.content.decode(),
    },
    sys.stdout,
)
