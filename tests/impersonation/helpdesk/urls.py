"""The help desk's addresses."""

from __future__ import annotations

from django.urls import path

from tests.impersonation.helpdesk import views

urlpatterns = [
    path("basket/", views.basket, name="basket"),
    path("crash/", views.crash, name="crash"),
    path("die/", views.die, name="die"),
    path("wait/", views.wait, name="wait"),
    path("call/", views.call, name="call"),
    path("leave/", views.leave, name="leave"),
    path("desk/", views.desk, name="desk"),
    path("desk/start/", views.start, name="start"),
    path("desk/stop/", views.stop, name="stop"),
    path("desk/renew/", views.renew, name="renew"),
    path("desk/password/", views.password, name="password"),
    path("desk/leave/", views.leave_desk, name="leave_desk"),
]
