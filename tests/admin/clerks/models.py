from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models


class Clerk(AbstractUser):
    """A user whose key is text, slashes and underscores included."""

    id = models.CharField(primary_key=True, max_length=40)
    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:  # noqa: D106
        swappable = "AUTH_USER_MODEL"


class Member(AbstractUser):
    """A user whose key is a UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    class Meta:  # noqa: D106
        swappable = "AUTH_USER_MODEL"
