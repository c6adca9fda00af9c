"""Logins whose tokens are kept: mozilla-django-oidc and django-allauth."""
