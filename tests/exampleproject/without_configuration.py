"""The shop's settings, without those of the package."""

from exampleproject.settings import *  # noqa: F403 - Django's own idiom

del KC_EXCHANGE  # noqa: F821 - it came with the star
