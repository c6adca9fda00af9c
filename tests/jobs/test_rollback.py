"""A job in a transaction that is rolled back, where a refresh token is taken once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from kc_exchange import cache
from kc_exchange.capture import newest
from kc_exchange.exceptions import SubjectGone
from kc_exchange.jobs import newer, offline
from kc_exchange.jobs.reference import opened as opened_reference
from tests.jobs.test_offline import (
    let_session_expire,
    let_token_expire,
    nightly,
    reference_of,
)
from tests.jobs.test_session import expire
from tests.jobs.works import REALM, Works, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["nightly"]


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    cache.tokens.clear()


def call_and_fail(reference: str) -> None:
    with rolled_back():
        assert call(reference) == 200


def after_its_session(works: Works) -> str:
    reference = reference_of(works)
    let_session_expire(works)
    let_token_expire()
    return reference


def in_its_session(works: Works) -> str:
    reference = works.reference()
    expire(works)
    return reference


BOTH = pytest.mark.parametrize("started", [after_its_session, in_its_session])


@BOTH
def test_rollback__is_survived_by_what_keycloak_gave(
    nightly: Works, started: Callable[[Works], str]
) -> None:
    """The process that rolled back knows the newest token."""
    nightly.keycloak.realm(REALM).revoke_refresh_token = True
    reference = started(nightly)

    call_and_fail(reference)

    assert call(reference) == 200


def test_rollback__of_two_renewals(nightly: Works) -> None:
    nightly.keycloak.realm(REALM).revoke_refresh_token = True
    reference = after_its_session(nightly)
    claims = opened_reference(reference)
    with rolled_back():
        first = offline.renew(claims, offline.login_of(claims).subject)
        second = offline.renew(claims, first)

    assert first != second == offline.login_of(claims).subject
    let_token_expire()
    assert call(reference) == 200


def test_rollback__of_a_session_that_is_followed(nightly: Works) -> None:
    """The row's copy is as new as the session's, in this process."""
    nightly.keycloak.realm(REALM).revoke_refresh_token = True
    reference = reference_of(nightly)
    expire(nightly)

    call_and_fail(reference)

    let_session_expire(nightly)
    let_token_expire()
    assert call(reference) == 200


@BOTH
def test_rollback__in_another_process(
    nightly: Works, started: Callable[[Works], str]
) -> None:
    """There the used token came back: the error says what to do."""
    nightly.keycloak.realm(REALM).revoke_refresh_token = True
    reference = started(nightly)
    call_and_fail(reference)
    newer._entries.clear()
    newest._entries.clear()

    with pytest.raises(SubjectGone) as caught:
        call(reference)

    assert "outside" in caught.value.fix
