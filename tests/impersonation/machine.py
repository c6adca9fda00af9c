"""The life of grants as a state machine (audit-and-hardening 3.5, number 1).

Two operators with two browsers each, over HTTP, on a database that really commits;
whatever happens to them, their targets, their rights, the clock and Keycloak happens
between any two requests.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kc_exchange.models import ImpersonationGrant
from tests.impersonation.helpdesk import ledger, people
from tests.impersonation.helpdesk.browsers import Browser
from tests.impersonation.helpdesk.events import Events
from tests.impersonation.helpdesk.visits import Visits

OPERATORS = st.sampled_from(people.OPERATORS)
ANYBODY = st.sampled_from([*people.TARGETS * 4, *people.OPERATORS, people.SUPERUSER])
TARGETS = st.sampled_from(people.TARGETS)
TABS = st.sampled_from([0, 0, 0, 1])
MODES = st.sampled_from(["read-only", "read-write"])
OFTEN = ["look", "post", "call"] * 3 + ["ask", "stop", "crash", "die", "desk"] * 2
SELDOM = ["leave", "log_out", "log_in", "replay", "call_later", "call_refused"]
SELDOM += ["ask_for_superuser"]
VISITS = st.sampled_from(OFTEN + SELDOM)
EVENTS = st.sampled_from([*["nothing"] * 16, *Events.HAPPEN])


def so_many(examples: int, steps: int) -> settings:
    """Return settings under which every run takes the same steps."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


class GrantMachine(Events, Visits, RuleBasedStateMachine):
    """Start, act, stop and lose a grant, in any order."""

    causes: ClassVar[Counter[str]] = Counter()
    """How often grants ended for which cause, in all runs."""

    def __init__(self) -> None:
        super().__init__()
        self.last = people.OPERATORS[0]

    def teardown(self) -> None:
        """Delete everybody; the sweep then ends what is still open."""
        self.delete_all()
        self.sweep()
        self.records_each_transition_once()
        grants = ImpersonationGrant.objects.filter(operator_id__in=self.operators)
        self.causes.update(grants.values_list("end_cause", flat=True))
        assert not self.causes[""]
        self.close()

    @rule(
        operator=OPERATORS,
        tab=TABS,
        whom=ANYBODY,
        mode=MODES,
        begin=st.sampled_from([True, True, False]),
        event=EVENTS,
        swept=st.sampled_from([False, False, True]),
        visit=VISITS,
    )
    def step(
        self,
        operator: str,
        tab: int,
        whom: str,
        mode: str,
        begin: bool,
        event: str,
        swept: bool,
        visit: str,
    ) -> None:
        """Begin where nothing is open, let something happen, and send a request."""
        self.last = operator
        if begin and self.open_grant(operator) is None:
            self.put_right()
            self.start(operator, tab, whom, mode)
        getattr(self, event)(operator, whom)
        if swept:
            self.sweep()
        self.do(visit, operator, tab, whom, mode)

    def do(self, visit: str, name: str, tab: int, whom: str, mode: str) -> None:
        """Do one of VISITS."""
        if visit == "ask":
            self.start(name, tab, whom, mode)
        else:
            getattr(self, visit)(name, tab)

    @invariant()
    def records_each_transition_once(self) -> None:
        """Rows and record say the same; no operator has two grants open."""
        assert ledger.disagreements(self.operators) == []

    @invariant()
    def operators_can_come_back(self) -> None:
        """Whoever is active can log in elsewhere, and is themself there."""
        person = self.person(self.last)
        if person is not None and person.is_active:
            browser = Browser()
            browser.log_in(person)
            [seen] = browser.visit("/basket/").seen
            assert (seen.user, seen.operator) == (self.last, "")

    @invariant()
    def keycloak_keeps_no_session_unknown_here(self) -> None:
        """Every session of a target at Keycloak can be ended from here."""
        if self.keycloak is not None:
            assert ledger.live_sessions(self.keycloak) <= ledger.kept_sessions()
