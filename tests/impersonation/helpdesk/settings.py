"""The help desk as a project of its own, for processes that are killed."""

from __future__ import annotations

import json
import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tests.settings import *  # noqa: F403 - the settings of all tests, and a few more
from tests.settings import DATABASES as _DATABASES
from tests.settings import KC_EXCHANGE as _KC_EXCHANGE
from tests.settings import MIDDLEWARE as _MIDDLEWARE

_told: dict[str, Any] = json.loads(os.environ["HELPDESK"])

ROOT_URLCONF = "tests.impersonation.helpdesk.urls"
MIDDLEWARE = [
    *(name for name in _MIDDLEWARE if "Impersonation" not in name),
    "kc_exchange.middleware.ImpersonationMiddleware",
]
if "mysql" in _told["database"].get("ENGINE", "") and find_spec("MySQLdb") is None:
    import_module("pymysql").install_as_MySQLdb()
DATABASES = {"default": {**_DATABASES["default"], **_told["database"]}}
KC_EXCHANGE = {**_KC_EXCHANGE, **_told["kc_exchange"]}
LOGGING_CONFIG = None
