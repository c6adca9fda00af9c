"""What is recorded stays, whatever becomes of the view and of its transaction."""

from __future__ import annotations

import os
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import connection as default
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit.writer import Writer
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent, GrantToken
from tests.impersonation.audit.engines import SERVERS, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.impersonation.audit.history import History

ALIAS = "record"
ON_A_SERVER = pytest.mark.parametrize("engine", SERVERS, indirect=True)


def event(code: str = "") -> audit.Event:
    """Return an event."""
    sam = Person(id="2", name="sam")
    return audit.Event(type="token.issued", operator=sam, code=code)


def recorded() -> list[str]:
    """Return the codes of what is there, as another connection sees it."""

    def read() -> list[str]:
        try:
            codes = AuditEvent.objects.using(ALIAS).order_by("seq")
            return list(codes.values_list("code", flat=True))
        finally:
            connections[ALIAS].close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(read).result(30)


def change() -> None:
    """Change something that is not the record."""
    GrantToken.objects.create(grant_id=uuid4(), sealed="", realm="")


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


def sessions(history: History) -> int:
    """Return how many connections to the record's database there are."""
    name = connections[history.alias].settings_dict["NAME"]
    sql = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = %s",
        "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = %s",
    }
    [[count]] = run(history.alias, sql[connections[history.alias].vendor], name)
    return int(count)


@ON_A_SERVER
def test_writer__leaves_no_connection(engine: History) -> None:
    """Many threads have one more connection among them, and none when they are done."""

    def one(number: int) -> None:
        try:
            with transaction.atomic(using=ALIAS):
                audit.record(event(str(number)))
        finally:
            connections[ALIAS].close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))
    assert sorted(map(int, recorded())) == list(range(40))
    assert engine.verify().is_sound
    assert sessions(engine) == 1


@pytest.mark.parametrize("engine", SERVERS[:1], indirect=True)
def test_writer__beside_a_pool_that_is_empty(engine: History) -> None:
    """Views that hold all connections of a pool do not keep the writer out."""
    together = Barrier(2)
    connections[ALIAS].close()
    options = {"pool": {"min_size": 1, "max_size": 2, "timeout": 2}}
    connections.settings[ALIAS]["OPTIONS"] = options

    def view(number: int) -> None:
        try:
            with transaction.atomic(using=ALIAS):
                change()
                together.wait(30)
                audit.record(event(str(number)))
        finally:
            connections[ALIAS].close()

    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(view, range(2)))
    finally:
        connections[ALIAS].close_pool()  # type: ignore[attr-defined]
        connections.settings[ALIAS]["OPTIONS"] = {}
    assert sorted(recorded()) == ["0", "1"]


@ON_A_SERVER
def test_writer__has_patience(engine: History) -> None:
    """It gives up where somebody keeps the head locked, and says which table it is."""
    writer = Writer(patience=0.3)
    with transaction.atomic(using=ALIAS):
        run(ALIAS, "SELECT * FROM kc_exchange_audithead FOR UPDATE")
        with pytest.raises(AuditUnavailable, match="kc_exchange_audithead locked"):
            writer.write([event("late")])
    writer.write([event("after")])
    assert recorded() == ["late", "after"]


@ON_A_SERVER
def test_writer__tells_what_went_wrong(engine: History) -> None:
    engine.owner.run("DROP TABLE kc_exchange_audithead")
    with pytest.raises(AuditUnavailable), transaction.atomic(using=ALIAS):
        audit.record(event())


@ON_A_SERVER
@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_writer__in_a_forked_child(engine: History) -> None:
    """A child has no thread of its parent, and starts one of its own."""

    def write(code: str) -> None:
        with transaction.atomic(using=ALIAS):
            audit.record(event(code))

    write("parent")
    connections[ALIAS].close()
    child = os.fork()
    if child == 0:
        try:
            write("child")
        except BaseException:  # noqa: BLE001 - a child must not go on with the tests
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    write("parent again")
    assert recorded() == ["parent", "child", "parent again"]
