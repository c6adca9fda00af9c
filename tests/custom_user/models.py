from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class Person(AbstractBaseUser):
    """A user without a username: the e-mail address is the name, a UUID the key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    objects: ClassVar = BaseUserManager()
    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.email


class Member(AbstractBaseUser, PermissionsMixin):
    """The same, and with permissions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    objects: ClassVar = BaseUserManager()
    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.email
