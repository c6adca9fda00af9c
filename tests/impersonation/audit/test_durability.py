"""What is recorded stays, whatever becomes of the view and of its transaction."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection as default
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from kc_exchange.impersonation import audit
from kc_exchange.models import AuditEvent, GrantToken
from tests.impersonation.audit.acting import (
    ALIAS,
    ON_A_SERVER,
    change,
    event,
    recorded,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.impersonation.audit.history import History


def crash(_request: HttpRequest) -> HttpResponse:
    """Write, record, and fall over."""
    change()
    audit.record(event("one"))
    audit.record(event("two"))
    if connections[ALIAS].vendor != "sqlite":
        assert recorded() == ["one", "two"]
    raise KeyError("the view's own")


def inner(_request: HttpRequest) -> HttpResponse:
    """Record in an inner transaction that is rolled back, and go on."""
    try:
        with transaction.atomic(using=ALIAS):
            audit.record(event("one"))
            raise KeyError
    except KeyError:
        change()
    audit.record(event("two"))
    return HttpResponse("fine")


@transaction.non_atomic_requests(using=ALIAS)
def outside(_request: HttpRequest) -> HttpResponse:
    """Record where no transaction is open."""
    audit.record(event("one"))
    assert recorded() == ["one"]
    raise KeyError("the view's own")


urlpatterns = [path("crash/", crash), path("inner/", inner), path("outside/", outside)]


def waiting(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Stand where ImpersonationMiddleware stands."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with audit.pending():
            return get_response(request)

    return middleware


@pytest.fixture
def client(engine: History, settings: Any) -> Client:
    """Return a client of a site with ATOMIC_REQUESTS; a crash is an answer, 500."""
    connections.settings[ALIAS]["ATOMIC_REQUESTS"] = True
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.waiting"]
    return Client(raise_request_exception=False)


def test_atomic_requests__and_a_view_that_crashes(
    engine: History, client: Client
) -> None:
    """The view's change is gone, its events are there, in their order."""
    assert client.get("/crash/").status_code == 500
    assert not GrantToken.objects.exists()
    assert recorded() == ["one", "two"]
    assert engine.verify().is_sound


def test_atomic_requests__and_a_view_that_goes_on(
    engine: History, client: Client
) -> None:
    """Events of an inner transaction that was rolled back are there too."""
    assert client.get("/inner/").content == b"fine"
    assert GrantToken.objects.count() == 1
    assert recorded() == ["one", "two"]
    assert engine.verify().is_sound


def test_non_atomic_view(engine: History, client: Client) -> None:
    assert client.get("/outside/").status_code == 500
    assert recorded() == ["one"]


def test_committed__within_a_transaction(engine: History) -> None:
    """It would not be durable, so it is refused, and nothing is written."""
    with (
        pytest.raises(RuntimeError, match="durable"),
        transaction.atomic(using=ALIAS),
    ):
        audit.committed(lambda append: append(event()))
    assert recorded() == []


def test_record__within_committed(engine: History) -> None:
    """It would wait for a lock that its own caller holds, so it is refused."""
    with pytest.raises(RuntimeError, match="use append"):
        audit.committed(lambda _append: audit.record(event()))
    assert recorded() == []
    audit.record(event())


def test_record__within_a_transaction_of_nobody(history: History) -> None:
    """On SQLite there must be somebody who writes it when that is over."""
    with (
        pytest.raises(RuntimeError, match=r"one writer.*Fix: call it outside"),
        transaction.atomic(using=ALIAS),
    ):
        audit.record(event())
    assert recorded() == []


@ON_A_SERVER
def test_record__within_a_transaction(engine: History) -> None:
    """On a server it is there before the transaction is over, and stays."""
    with transaction.atomic(using=ALIAS):
        change()
        audit.record(event("one"))
        assert recorded() == ["one"]
        transaction.set_rollback(True, using=ALIAS)
    assert recorded() == ["one"]
    assert not GrantToken.objects.exists()


def test_without_autocommit(engine: History) -> None:
    """Where the project commits by itself, the record does not wait for that."""
    transaction.set_autocommit(False, using=ALIAS)
    try:
        with pytest.raises(RuntimeError, match="autocommit"):
            audit.committed(lambda append: append(event()))
        if default.vendor != connections[ALIAS].vendor:
            audit.record(event("one"))
            assert recorded() == ["one"]
        else:
            with pytest.raises(RuntimeError, match="one writer"):
                audit.record(event("one"))
        transaction.rollback(using=ALIAS)
    finally:
        transaction.set_autocommit(True, using=ALIAS)
    assert engine.verify().is_sound


@contextmanager
def django_test_case() -> Iterator[None]:
    """Do what django.test.TestCase does around a test."""
    block = transaction.atomic(using=ALIAS)
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True, using=ALIAS)


def test_django_test_case(engine: History) -> None:
    """Its transaction counts as none; all is gone with it, and nothing waits for it."""
    with django_test_case():
        audit.committed(lambda append: append(event("one")))
        audit.record(event("two"))
        with audit.pending(), transaction.atomic(using=ALIAS):
            audit.record(event("three"))
            transaction.set_rollback(True, using=ALIAS)
        codes = AuditEvent.objects.order_by("seq").values_list("code", flat=True)
        assert list(codes) == ["one", "two", "three"]
        assert engine.verify().is_sound
    assert recorded() == []
    audit.record(event())
    assert engine.verify().is_sound
