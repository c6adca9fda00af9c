"""The addresses of orders-api."""

from __future__ import annotations

from django.urls import path

from exampleproject.orders_api import views

urlpatterns = [
    path("v1/orders/", views.Orders.as_view()),
    path("v1/orders/again/", views.OrderAgain.as_view()),
    path("v1/orders/all/", views.AllOrders.as_view()),
    path("v1/stock/", views.Stock.as_view()),
]
