"""The addresses of billing-api."""

from __future__ import annotations

from django.urls import path

from exampleproject.billing_api import views

urlpatterns = [path("v1/invoices/", views.Invoices.as_view())]
