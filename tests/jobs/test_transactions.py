"""Offline tokens in a transaction, as under ATOMIC_REQUESTS, on PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model, logout
from django.db import connections, transaction
from django.http import HttpRequest

from kc_exchange.jobs import offline
from tests.jobs.test_offline import nightly, reference_of
from tests.jobs.works import Works, tokens_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.database
__all__ = ["nightly"]


@pytest.fixture(autouse=True)
def _on_postgresql(postgresql: str) -> None:
    """Come before alice, who is in this database."""


@contextmanager
def no_tokens(alias: str) -> Iterator[None]:
    """Let the table of offline tokens be another's for a while."""
    run = connections[alias].cursor().execute
    run("ALTER TABLE kc_exchange_offlinetoken RENAME TO gone")
    try:
        yield
    finally:
        run("ALTER TABLE gone RENAME TO kc_exchange_offlinetoken")


def log_out(works: Works) -> None:
    request = HttpRequest()
    request.session, request.user = works.session(), works.user
    logout(request)


def follow(works: Works) -> None:
    offline.follow("a-new-key", tokens_kept(works.session()))


@pytest.mark.parametrize("act", [log_out, follow])
def test_transaction__goes_on_after_a_failure(
    nightly: Works, postgresql: str, act: Callable[[Works], None]
) -> None:
    """What is logged alone breaks nothing of the view's."""
    reference_of(nightly)
    with no_tokens(postgresql), transaction.atomic(using=postgresql):
        act(nightly)
        assert get_user_model().objects.count() == 1
