"""The authentication in an OpenAPI schema."""

from __future__ import annotations

import pytest
from django.apps import apps

pytest.importorskip("drf_spectacular")


def test_schema(settings):
    """Where drf-spectacular is installed, the schema has the bearer scheme."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "drf_spectacular"]
    apps.get_app_config("kc_exchange").ready()
    from drf_spectacular.generators import SchemaGenerator  # noqa: PLC0415
    from drf_spectacular.openapi import AutoSchema  # noqa: PLC0415

    from tests.drf.api import Me  # noqa: PLC0415

    class Described(Me):
        schema = AutoSchema()

    from django.urls import path  # noqa: PLC0415

    patterns = [path("me", Described.as_view())]
    schema = SchemaGenerator(patterns=patterns).get_schema(public=True)
    assert schema["components"]["securitySchemes"] == {
        "keycloak": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    assert {"keycloak": []} in schema["paths"]["/me"]["get"]["security"]
