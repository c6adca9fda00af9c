"""Grants as a state machine, local to Django and at Keycloak."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis.stateful import run_state_machine_as_test

from kc_exchange.models import ImpersonationGrant
from kc_exchange.testing import EmbeddedKeycloak
from tests.impersonation.helpdesk import people
from tests.impersonation.machine import GrantMachine, so_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kc_exchange.testing import DownstreamRecorder

ROLES = ["customer"]
MOST = len(ImpersonationGrant.Cause) - 7
"""Causes that grants must have ended for, lest the runs test less than they seem to."""


@pytest.fixture
def helpdesk(settings: Any) -> Iterator[None]:
    """Serve the help desk, and log nothing of all that goes wrong."""
    settings.ROOT_URLCONF = "tests.impersonation.helpdesk.urls"
    last = "kc_exchange.middleware.ImpersonationMiddleware"
    before = [name for name in settings.MIDDLEWARE if name != last]
    settings.MIDDLEWARE = [*before, last]
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def keycloak() -> Iterator[EmbeddedKeycloak]:
    """Return a Keycloak that impersonates."""
    with EmbeddedKeycloak(people.realm(), features=["token-exchange"]) as server:
        yield server


@pytest.mark.django_db(transaction=True)
def test_grants_local_to_django(helpdesk: None, settings: Any) -> None:
    """Whatever happens, nobody acts without a grant that is open and recorded."""
    local = {"AT_KEYCLOAK": "never"}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "IMPERSONATION": local}

    class Local(GrantMachine):
        causes: ClassVar[Counter[str]] = Counter()

    run_state_machine_as_test(Local, settings=so_many(20, 30))
    assert len(Local.causes) >= MOST, Local.causes


@pytest.mark.django_db(transaction=True)
def test_grants_at_keycloak(
    helpdesk: None,
    keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    configure: Callable[..., None],
) -> None:
    """The same, and what is begun at Keycloak can always be ended from here."""
    configure(keycloak, kc_downstream, IMPERSONATION={"ORDINARY_ROLES": ROLES})

    class AtKeycloak(GrantMachine):
        causes: ClassVar[Counter[str]] = Counter()

    AtKeycloak.keycloak, AtKeycloak.recorder = keycloak, kc_downstream
    run_state_machine_as_test(AtKeycloak, settings=so_many(10, 30))
    assert len(AtKeycloak.causes) >= MOST, AtKeycloak.causes
