"""The addresses of analytics-api."""

from __future__ import annotations

from django.urls import path

from exampleproject.analytics_api import views

urlpatterns = [path("v1/sold/", views.Sold.as_view())]
