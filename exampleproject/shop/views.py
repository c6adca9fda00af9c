"""The shop's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from exampleproject.shop.answers import answered
from exampleproject.shop.backstage import calls, login_facts
from exampleproject.shop.products import PRODUCTS
from exampleproject.shop.sightings import sighted
from exampleproject.shop.trouble import Trouble, trouble_of
from kc_exchange import capture, downstream_client, downstream_session
from kc_exchange.exceptions import ExchangeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

ACCOUNTS = {
    "default": (
        ("alice", "a customer with two orders"),
        ("bob", "a customer with one"),
        ("sam", "works for the shop: sees the records of impersonation in the admin"),
        ("sue", "works for support: may act as a customer, from the admin's user list"),
    ),
    "studio": (("nora", "a customer of Kiln Studio, the other brand"),),
}
"""Who is in the realm of each brand; the password is the name and `-demo`."""


def home(request: HttpRequest) -> HttpResponse:
    """Show what is for sale, to anybody; the stock is asked for as the shop itself."""
    stock: dict[str, int] = {}
    trouble = None
    try:
        with downstream_session("stock") as session:
            reply = session.get("v1/stock/")
            reply.raise_for_status()
            found = reply.json()
        stock = found["stock"]
        sighted(found["seen"])
    except (ExchangeError, requests.RequestException) as error:
        trouble = _told(trouble_of(error))
    shelf = [{**p._asdict(), "left": stock.get(p.key)} for p in PRODUCTS]
    accounts = _accounts(request) if request.user.is_anonymous else ()
    facts = {"shelf": shelf, "trouble": trouble, "accounts": accounts}
    return answered(request, "home", facts)


def _accounts(request: HttpRequest) -> Sequence[tuple[str, str]]:
    brand = capture.login_realm(request).alias
    return ACCOUNTS.get(brand, ()) if settings.DEBUG else ()


def _told(trouble: Trouble) -> dict[str, str]:
    """Cause and fix are for whoever runs the demo, not for a visitor of a real shop."""
    return trouble._asdict() if settings.DEBUG else {"title": trouble.title}


@login_required
def orders(request: HttpRequest) -> HttpResponse:
    """Show the user's orders; orders-api gets a token made for it alone."""
    everyones = request.user.is_staff
    with downstream_session("orders-api") as session:
        reply = session.get("v1/orders/all/" if everyones else "v1/orders/")
    reply.raise_for_status()
    found: dict[str, Any] = reply.json()
    facts = {"orders": found["orders"], "everyones": everyones}
    return answered(request, "orders", facts | {"seen": sighted(found["seen"])})


@require_POST
@login_required
def order_again(request: HttpRequest, number: str) -> HttpResponse:
    """Place an order once more; orders-api gets a token that may write, too."""
    with downstream_session("order-desk") as session:
        reply = session.post("v1/orders/again/", json={"number": number})
    reply.raise_for_status()
    placed = reply.json()["order"]["number"]
    messages.success(request, f"Order {placed} is placed, the same as {number}.")
    return redirect("orders")


@login_required
async def invoices(request: HttpRequest) -> HttpResponse:
    """Show the user's invoices, from an event loop."""
    async with downstream_client("billing-api") as client:
        reply = await client.get("v1/invoices/")
    found = reply.raise_for_status().json()
    facts = {"invoices": found["invoices"], "seen": sighted(found["seen"])}
    return await sync_to_async(answered)(request, "invoices", facts)


@login_required
def trends(request: HttpRequest) -> HttpResponse:
    """Show what sells in both brands; analytics-api is of a realm that they share."""
    with downstream_session("analytics-api") as session:
        reply = session.get("v1/sold/")
    reply.raise_for_status()
    found: dict[str, Any] = reply.json()
    facts = {"sold": found["sold"], "seen": sighted(found["seen"])}
    return answered(request, "trends", facts)


@login_required
def behind(request: HttpRequest) -> HttpResponse:
    """Show what each service saw of the token it was called with."""
    made = calls(request)
    return answered(request, "behind", {"login": login_facts(request), "calls": made})
