"""Settings of analytics-api."""

from exampleproject.environment import database, logging
from exampleproject.services.settings import *  # noqa: F403 - Django's own idiom
from exampleproject.services.settings import shared_settings

ROOT_URLCONF = "exampleproject.analytics_api.urls"
DATABASES = {"default": database("analytics-api")}
LOGGING = logging("analytics-api")
KC_EXCHANGE = shared_settings("analytics-api")
