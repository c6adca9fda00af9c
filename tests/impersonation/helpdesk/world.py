"""Everybody at the help desk, their browsers, and the time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import time_machine
from django.utils import timezone

from kc_exchange import cache
from kc_exchange.impersonation import sweep
from kc_exchange.models import ImpersonationGrant
from tests.impersonation.helpdesk import oracle, people, sightings
from tests.impersonation.helpdesk.browsers import Browser

if TYPE_CHECKING:
    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak


class World:
    """Two operators with two browsers each, two targets and a superuser."""

    keycloak: ClassVar[EmbeddedKeycloak | None] = None
    recorder: ClassVar[DownstreamRecorder | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(timezone.now(), tick=False)
        self.time = self.clock.start()
        names = (*people.OPERATORS, *people.TARGETS, people.SUPERUSER)
        self.people = {name: people.make_one(name, self.keycloak) for name in names}
        self.ids = {n: str(user.pk) for n, user in self.people.items()}
        self.passwords: dict[Any, str] = {}
        self.browsers = {
            (name, tab): Browser(self.keycloak, self.passwords)
            for name in people.OPERATORS
            for tab in (0, 1)
        }
        self.operators: set[str] = set()
        """The ids that operators have had: who comes back after a deletion is new."""
        self.log_in_all()

    def log_in_all(self) -> None:
        """Log every operator in, in those browsers where they are not."""
        for (name, _), browser in self.browsers.items():
            self.operators.add(self.ids[name])
            known = oracle.logged_in(browser.key)
            if known is None or str(known.pk) != self.ids[name]:
                browser.log_in(self.person(name))

    def put_right(self, *_: str) -> None:
        """Give everybody back what they had at the beginning."""
        for name in self.people:
            if self.person(name) is None:
                self.people[name] = people.make_one(name, self.keycloak)
                self.ids[name] = str(self.people[name].pk)
            self.change(name, is_active=True, is_superuser=name == people.SUPERUSER)
            self.person(name).user_permissions.clear()
            if name in people.OPERATORS:
                people.permit(self.person(name))
        if self.keycloak is not None:
            self.keycloak.set_features("token-exchange")
        self.log_in_all()

    def close(self) -> None:
        """Set the time right, and forget what was kept outside of the database."""
        self.clock.stop()
        sightings.SEEN.clear()
        cache.tokens.clear()
        cache.refused.clear()
        if self.keycloak is not None:
            self.keycloak.reset()
        if self.recorder is not None:
            self.recorder.clear()

    def move(self, seconds: int) -> None:
        """Move the clock, back too."""
        self.time.shift(timedelta(seconds=seconds))
        cache.tokens.clear()

    def person(self, name: str) -> Any:
        """Return somebody as they are now, None if they were deleted."""
        return oracle.user(self.ids[name])

    def open_grant(self, operator: str) -> ImpersonationGrant | None:
        """Return the operator's grant that has not ended."""
        return ImpersonationGrant.objects.filter(open_for=self.ids[operator]).first()

    def change(self, name: str, **fields: Any) -> None:
        """Change somebody's row, if it is there."""
        type(self.people[name]).objects.filter(pk=self.ids[name]).update(**fields)

    def delete_all(self) -> None:
        """Delete everybody who is still there."""
        for name in self.people:
            if (person := self.person(name)) is not None:
                person.delete()

    def sweep(self, *_: str) -> None:
        """End what nobody came back for; nothing is left that is over."""
        assert all(grant.ended_at is not None for grant in sweep())
        for grant in ImpersonationGrant.objects.filter(ended_at=None):
            assert oracle.goes_on(grant, self.passwords[grant.pk])
