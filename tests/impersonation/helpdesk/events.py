"""What happens to the people of the help desk between two requests."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.utils import timezone

from kc_exchange.impersonation import end
from tests.impersonation.helpdesk import oracle, people
from tests.impersonation.helpdesk.world import World


class Events(World):
    """Each takes the name of an operator and of a target."""

    HAPPEN: ClassVar = [
        "sweep",
        "wait_a_second",
        "wait_four_minutes",
        "wait_until_idle",
        "wait_until_expired",
        "set_clock_back_a_little",
        "set_clock_back",
        "deactivate",
        "revoke",
        "change_password",
        "deactivate_target",
        "promote",
        "promote_target",
        "permit_target",
        "delete",
        "delete_target",
        "force_end",
        "change_own_password",
        "renew_session",
        "shorten_session",
        "lose_revocation",
        "lose_logout",
        "lose_tokens",
        "take_role",
    ]

    def nothing(self, *_: str) -> None:
        """Let nothing happen."""

    def wait_a_second(self, *_: str) -> None:
        """Wait for a second."""
        self.move(1)

    def wait_four_minutes(self, *_: str) -> None:
        """Wait for less than a grant lasts, and an access token nearly does."""
        self.move(250)

    def wait_until_idle(self, *_: str) -> None:
        """Wait for as long as a grant may be idle."""
        self.move(900)

    def wait_until_expired(self, operator: str, _target: str) -> None:
        """Wait until the very moment at which a grant expires."""
        grant = self.open_grant(operator)
        if grant is not None:
            left = grant.expires_at - timezone.now()
            self.move(max(0, round(left.total_seconds())))

    def set_clock_back_a_little(self, *_: str) -> None:
        """Set the clock back as far as two machines may differ."""
        self.move(-59)

    def set_clock_back(self, *_: str) -> None:
        """Set the clock back by an hour."""
        self.move(-3_600)

    def deactivate(self, operator: str, _target: str) -> None:
        """Deactivate an operator."""
        self.change(operator, is_active=False)

    def revoke(self, operator: str, _target: str) -> None:
        """Take an operator's permissions away."""
        if (person := self.person(operator)) is not None:
            person.user_permissions.clear()

    def change_password(self, operator: str, _target: str) -> None:
        """Change an operator's password from elsewhere."""
        if (person := self.person(operator)) is not None:
            person.set_password(f"{operator}-{timezone.now().timestamp()}")
            person.save()

    def deactivate_target(self, _operator: str, target: str) -> None:
        """Deactivate a target."""
        self.change(target, is_active=False)

    def promote_target(self, _operator: str, target: str) -> None:
        """Make a target a superuser."""
        self.change(target, is_superuser=True)

    def promote(self, operator: str, _target: str) -> None:
        """Make an operator a superuser: who still may not act as another one."""
        self.change(operator, is_superuser=True)

    def permit_target(self, _operator: str, target: str) -> None:
        """Give a target a right that no operator has."""
        if (person := self.person(target)) is not None:
            person.user_permissions.add(Permission.objects.get(codename="delete_user"))

    def delete(self, operator: str, _target: str) -> None:
        """Delete an operator."""
        if (person := self.person(operator)) is not None:
            person.delete()

    def delete_target(self, _operator: str, target: str) -> None:
        """Delete a target."""
        self.delete(target, "")

    def change_own_password(self, operator: str, _target: str) -> None:
        """Change the password on the operators' page: the session is another then."""
        browser = self.browsers[operator, 0]
        if oracle.logged_in(browser.key) is not None:
            chosen = f"{operator}-{timezone.now().timestamp()}"
            browser.visit("/desk/password/", post=True, password=chosen)

    def renew_session(self, operator: str, _target: str) -> None:
        """Let the session have another key, with all that is in it."""
        self.browsers[operator, 0].visit("/desk/renew/", post=True)

    def shorten_session(self, operator: str, _target: str) -> None:
        """Let the operator's session end in two minutes."""
        until = timezone.now() + timedelta(minutes=2)
        key = self.browsers[operator, 0].key
        Session.objects.filter(session_key=key).update(expire_date=until)

    def force_end(self, operator: str, _target: str) -> None:
        """Let an administrator end the grant."""
        grant = self.open_grant(operator)
        if grant is not None:
            assert end(grant, "forced", by=self.people[people.SUPERUSER])
            assert not end(grant, "stopped")
            assert (grant.end_cause, grant.ended_by_name) == ("forced", "root")

    def lose_revocation(self, *_: str) -> None:
        """Let Keycloak fail when it is next asked to revoke a token."""
        self._fail("revoke")

    def lose_logout(self, *_: str) -> None:
        """Let Keycloak fail when it is next asked to end a session."""
        self._fail("logout")

    def lose_tokens(self, *_: str) -> None:
        """Let Keycloak fail when it is next asked for a token."""
        self._fail("token")

    def take_role(self, *_: str) -> None:
        """Let Keycloak no longer impersonate."""
        if self.keycloak is not None:
            self.keycloak.set_features()

    def _fail(self, endpoint: str) -> None:
        if self.keycloak is not None:
            self.keycloak.fail_next(503, endpoint=endpoint)
