"""The help desk's pages: for its customers, and for its operators."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth import get_user_model, logout, update_session_auth_hash
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from kc_exchange import impersonation
from kc_exchange.downstream import downstream_session
from kc_exchange.exceptions import ExchangeError
from kc_exchange.impersonation import as_operator, only_reads
from kc_exchange.middleware.answers import answer
from tests.impersonation.helpdesk.sightings import write_down

if TYPE_CHECKING:
    from collections.abc import Callable


class Killed(BaseException):
    """The process ends here: nothing of Django catches it."""


def basket(request: HttpRequest) -> HttpResponse:
    """Show whose basket it is; a POST changes something in the database."""
    write_down(request)
    if request.method == "POST":
        change(request)
    return JsonResponse({"user": request.user.get_username()})


def crash(request: HttpRequest) -> HttpResponse:
    """Change something, then fail."""
    write_down(request)
    change(request)
    raise ValueError("this view is broken")


def die(request: HttpRequest) -> HttpResponse:
    """Change something, then end as a process does that is killed."""
    write_down(request)
    change(request)
    raise Killed


def wait(request: HttpRequest) -> HttpResponse:
    """Say so by a file, and go on when there is another one."""
    write_down(request)
    folder = Path(request.GET["folder"])
    (folder / "here").touch()
    wait_until((folder / "go").exists)
    return JsonResponse({})


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until it is so; not for ever, lest a broken test hangs."""
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def call(request: HttpRequest) -> HttpResponse:
    """Call a service."""
    write_down(request)
    with downstream_session("orders-api") as session:
        return JsonResponse({"status": session.get("v1/orders").status_code})


@only_reads
def leave(request: HttpRequest) -> HttpResponse:
    """Log out whoever is logged in: under a grant, the target."""
    write_down(request)
    logout(request)
    return JsonResponse({})


@as_operator
def desk(request: HttpRequest) -> HttpResponse:
    """Show the operator's own page."""
    write_down(request)
    return JsonResponse({"user": request.user.get_username()})


@as_operator
@transaction.non_atomic_requests
def start(request: HttpRequest) -> HttpResponse:
    """Begin to act as the customer named in the form."""
    target = get_user_model().objects.get(username=request.POST["target"])
    try:
        grant = impersonation.start(
            request,
            target,
            reason=request.POST.get("reason", "The basket looks empty to them."),
            mode=request.POST.get("mode", "read-write"),
            minutes=int(request.POST.get("minutes", "10")),
        )
    except ExchangeError as error:
        return refused(request, error)
    return JsonResponse({"grant": str(grant.pk)})


@as_operator
@transaction.non_atomic_requests
def stop(request: HttpRequest) -> HttpResponse:
    """Stop acting as somebody else."""
    try:
        impersonation.end_current(request)
    except ExchangeError as error:
        return refused(request, error)
    return JsonResponse({})


@as_operator
def leave_desk(request: HttpRequest) -> HttpResponse:
    """Log the operator out."""
    logout(request)
    return JsonResponse({})


@as_operator
def renew(request: HttpRequest) -> HttpResponse:
    """Give the operator's session another key, as some middleware does."""
    request.session.cycle_key()
    return JsonResponse({})


@as_operator
def password(request: HttpRequest) -> HttpResponse:
    """Change the operator's own password; they stay logged in."""
    user: Any = request.user
    user.set_password(request.POST["password"])
    user.save()
    update_session_auth_hash(request, user)
    return JsonResponse({})


def refused(request: HttpRequest, error: ExchangeError) -> HttpResponse:
    """Answer as a view does that lets the error through, with its code."""
    response = cast("HttpResponse", answer(request, error))
    response["X-Refused"] = getattr(error, "reason", "") or error.code
    return response


def change(request: HttpRequest) -> None:
    """Leave something in the database that tells who did it, and for whom."""
    grant = getattr(request, "grant", None)
    request_id = request.headers.get("X-Request-ID", "")
    name = f"{request_id} {request.user.get_username()} {grant and grant.pk}"
    Group.objects.create(name=name)
