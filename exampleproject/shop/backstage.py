"""Call every downstream once, and tell what each of them saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exampleproject.services.seen import seen
from exampleproject.shop.sightings import sighted
from kc_exchange import capture, conf, downstream_session
from kc_exchange.exceptions import ExchangeDenied, ExchangeMisconfigured
from kc_exchange.impersonation import current_grant
from kc_exchange.tokens import unverified_claims

if TYPE_CHECKING:
    from django.http import HttpRequest

_CALLS = (
    (
        "orders-api",
        "v1/orders/",
        "The user's token, exchanged for one that orders-api alone accepts.",
    ),
    (
        "billing-api",
        "v1/invoices/",
        "The same user and the same login, another token: for billing-api alone.",
    ),
    (
        "stock",
        "v1/stock/",
        "No user is involved: the shop speaks for itself, by its service account.",
    ),
    (
        "analytics-api",
        "v1/sold/",
        "Another realm's: your token, as an assertion, became one of that realm.",
    ),
    (
        "analytics-legacy",
        "v1/sold/",
        "The same by the legacy exchange: the other realm asked this one who it is.",
    ),
    (
        "userinfo",
        "userinfo",
        "Keycloak's own user info takes the login's token as it is: forwarded.",
    ),
    (
        "wrong-door",
        "v1/orders/",
        "A mistake on purpose: a token for billing-api, taken to orders-api.",
    ),
)


def calls(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what came of a call to each downstream that takes this brand's people."""
    own = capture.login_realm(request).alias
    downstreams = conf.current().downstreams
    return [
        _call(*call)
        for call in _CALLS
        if downstreams[call[0]].realm in {"", "shared", own}
    ]


def login_facts(request: HttpRequest) -> dict[str, Any] | None:
    """Return what the login's own token says; read after the calls, which renew it."""
    tokens = capture.kept(request)
    if tokens is None:
        return None
    facts = seen(unverified_claims(tokens.access_token))
    return {**facts, "refreshable": bool(tokens.refresh_token)}


def _call(name: str, path: str, about: str) -> dict[str, Any]:
    downstream = conf.current().downstream(name)
    card: dict[str, Any] = {
        "name": name,
        "about": about,
        "strategy": _strategy(downstream.strategy),
    }
    try:
        with downstream_session(name) as session:
            reply = session.get(path)
    except (ExchangeMisconfigured, ExchangeDenied) as error:
        return {**card, "status": "no token", "refusal": error.cause, "by": "Keycloak"}
    card["status"] = reply.status_code
    if not reply.ok:
        said = reply.headers.get("WWW-Authenticate", "")
        return {**card, "refusal": said, "by": "The service"}
    found = reply.json()
    if "seen" in found:
        return {**card, "seen": sighted(found["seen"])}
    return {**card, "user": {k: found.get(k) for k in ("sub", "name", "email")}}


def _strategy(configured: str) -> str:
    """What is exchanged while support acts as a customer is the customer's token."""
    acts = current_grant() is not None
    return "impersonate" if acts and configured == "exchange" else configured
