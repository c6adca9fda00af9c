"""Work in other threads: as whom it runs with `carried`, and without."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from kc_exchange import carried, downstream_session
from kc_exchange.context import bind, bound_subject
from kc_exchange.exceptions import NoSubjectToken
from kc_exchange.sources import FixedSubject
from kc_exchange.tokens import SubjectToken, unverified_claims
from tests.servers.site import Site, site

__all__ = ["site"]

USERS = 200


def as_user(name: str) -> Any:
    return bind(FixedSubject(SubjectToken(value=name)))


def who(*_: object) -> str:
    try:
        return str(bound_subject().token().value)
    except NoSubjectToken:
        return ""


def test_pool__without_carried() -> None:
    """A pool's thread is for nobody: it fails closed."""
    with ThreadPoolExecutor(2) as pool, as_user("ann"):
        assert list(pool.map(who, range(4))) == [""] * 4


def test_pool__with_carried() -> None:
    """Each item runs as whoever was bound, also when the block is over."""
    with ThreadPoolExecutor(4) as pool:
        with as_user("ann"):
            mine = carried(who)
        assert list(pool.map(mine, range(20))) == ["ann"] * 20
        assert list(pool.map(who, range(20))) == [""] * 20


def test_pool__calls_at_the_same_time() -> None:
    """One carried function may run in several threads at once."""
    together = threading.Barrier(4, timeout=30)

    def meet(_: int) -> str:
        together.wait()
        return who()

    with ThreadPoolExecutor(4) as pool, as_user("ann"):
        assert list(pool.map(carried(meet), range(4))) == ["ann"] * 4


def test_thread() -> None:
    """A thread of the view's own."""
    seen: list[str] = []

    def look() -> None:
        seen.append(who())

    with as_user("ann"):
        thread = threading.Thread(target=carried(look))
        thread.start()
        thread.join()
    assert seen == ["ann"]


async def test_thread_insensitive_and_to_thread() -> None:
    """Those carry the context by themselves; with `carried` nothing changes."""
    with as_user("ann"):
        assert await sync_to_async(who, thread_sensitive=False)() == "ann"
        assert await sync_to_async(carried(who), thread_sensitive=False)() == "ann"
        assert await asyncio.to_thread(who) == "ann"
        mine = carried(who)
    assert await asyncio.to_thread(mine) == "ann"
    assert await asyncio.to_thread(who) == ""


def test_carried__is_of_where_it_was_made() -> None:
    """Not of where it is called, and it leaves nothing there."""
    with as_user("ann"):
        mine = carried(who)
    with as_user("bob"):
        assert (mine(), who()) == ("ann", "bob")


def test_carried__what_it_sets_stays_inside() -> None:
    """A copy for each call: one call's change reaches no other."""
    changed: ContextVar[int] = ContextVar("changed", default=0)

    def change() -> int:
        changed.set(changed.get() + 1)
        return changed.get()

    again = carried(change)
    assert [again(), again(), changed.get()] == [1, 1, 0]


def test_carried__keeps_name_arguments_and_errors() -> None:
    """It is called as the function is."""

    def divide(one: int, *, by: int) -> float:
        """Divide."""
        return one / by

    mine = carried(divide)
    assert (mine.__name__, mine(6, by=3)) == ("divide", 2)
    with pytest.raises(ZeroDivisionError):
        mine(1, by=0)


def test_carried__refuses_a_coroutine_function() -> None:
    """It would run outside of the copy, as nobody or as somebody else."""

    async def work() -> None: ...

    with pytest.raises(TypeError, match="Fix: await it"):
        carried(work)


def test_two_hundred_users__no_token_is_crossed(site: Site) -> None:
    """All call at the same time from threads; each sends the token of its user."""
    site.orders = {"STRATEGY": "forward"}
    site.configure()
    tokens = {f"user-{n}": site.subject(sub=f"user-{n}") for n in range(USERS)}

    def call(name: str) -> tuple[str, str]:
        with downstream_session("orders-api") as session:
            sent = session.get(name).request.headers["Authorization"]
        return name, str(unverified_claims(str(sent).removeprefix("Bearer "))["sub"])

    def request(name: str) -> list[tuple[str, str]]:
        subject = FixedSubject(SubjectToken(value=tokens[name]))
        with bind(subject), ThreadPoolExecutor(2) as own:
            return list(own.map(carried(call), [name] * 2))

    with ThreadPoolExecutor(16) as pool:
        for pairs in pool.map(request, tokens):
            assert {got == name for name, got in pairs} == {True}
