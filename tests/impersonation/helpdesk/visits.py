"""What operators do at the help desk, each with what must come of it."""

from __future__ import annotations

from kc_exchange.impersonation.session import digest
from kc_exchange.models import ImpersonationGrant
from kc_exchange.tokens import unverified_claims
from tests.impersonation.helpdesk import oracle, people
from tests.impersonation.helpdesk.browsers import Browser, Visit
from tests.impersonation.helpdesk.world import World

MINUTES = {"read-only": "10", "read-write": "60"}
"""Shorter and longer than a grant may be idle."""


class Visits(World):
    """Each takes the name of an operator and one of their two browsers."""

    def start(self, name: str, tab: int, whom: str, mode: str) -> None:
        """Ask for a grant: one that is given, was possible, and was the only one."""
        if self.person(whom) is None:
            return
        browser, before = self.browsers[name, tab], self.open_grant(name)
        operator = oracle.logged_in(browser.key)
        possible = oracle.may(operator, self.person(whom), mode)
        if before is not None and oracle.goes_on(before, self.passwords[before.pk]):
            possible = False
        form = {"target": whom, "mode": mode, "minutes": MINUTES[mode]}
        visit = browser.visit("/desk/start/", post=True, **form)
        self.judge(visit, as_operator=True)
        if visit.status == 200:
            assert possible
            assert whom != people.SUPERUSER
            after = self.open_grant(name)
            assert after is not None
            assert after.session_digest == digest(browser.key)
            assert browser.key not in {"", visit.key}
            self.passwords[after.pk] = self.person(name).password
        elif self.keycloak is None:
            assert not possible or visit.grant is not None, visit

    def ask_for_superuser(self, name: str, tab: int) -> None:
        """Ask, as a superuser, to act as another one: who would gain nothing."""
        self.change(name, is_superuser=True)
        self.start(name, tab, people.SUPERUSER, "read-only")

    def stop(self, name: str, tab: int) -> None:
        """Stop; the session gets another key, and the operator is themself."""
        browser = self.browsers[name, tab]
        visit = browser.visit("/desk/stop/", post=True)
        self.judge(visit, as_operator=True)
        if visit.held:
            assert (visit.status, self.cause(visit)) == (200, "stopped")
            assert browser.key not in {"", visit.key}
            [seen] = browser.visit("/basket/").seen
            assert (seen.user, seen.operator) == (name, "")

    def look(self, name: str, tab: int) -> None:
        """Ask for a page by GET."""
        self.judge(self.browsers[name, tab].visit("/basket/"))

    def post(self, name: str, tab: int) -> None:
        """Ask for a change, which a grant for reading refuses."""
        self.judge(self.browsers[name, tab].visit("/basket/", post=True), post=True)

    def desk(self, name: str, tab: int) -> None:
        """Ask for a page that operators see as themselves."""
        self.judge(self.browsers[name, tab].visit("/desk/"), as_operator=True)

    def crash(self, name: str, tab: int) -> None:
        """Ask for a page whose view fails."""
        visit = self.browsers[name, tab].visit("/crash/")
        self.judge(visit)
        assert visit.seen == [] or visit.status == 500

    def die(self, name: str, tab: int) -> None:
        """Ask for a page whose process dies before the outcome is recorded."""
        visit = self.browsers[name, tab].visit("/die/")
        self.judge(visit)
        assert visit.seen == [] or visit.status == 0

    def leave(self, name: str, tab: int) -> None:
        """Log out on the customer's own page."""
        visit = self.browsers[name, tab].visit("/leave/", post=True)
        self.judge(visit)
        if visit.held:
            assert self.cause(visit) == "logout"
            assert oracle.logged_in(visit.key_after) is None

    def log_out(self, name: str, tab: int) -> None:
        """Log out on the operators' page."""
        visit = self.browsers[name, tab].visit("/desk/leave/", post=True)
        if visit.held:
            assert self.cause(visit) == "logout"
            assert oracle.logged_in(visit.key_after) is None

    def log_in(self, name: str, tab: int) -> None:
        """Log in anew, in the same browser."""
        if (person := self.person(name)) is not None and person.is_active:
            self.browsers[name, tab].log_in(person)

    def replay(self, name: str, tab: int) -> None:
        """Use cookies that this browser no longer has: they log nobody in."""
        for key in self.browsers[name, tab].old:
            stolen = Browser()
            stolen.client.cookies["sessionid"] = key
            for seen in stolen.visit("/basket/", post=True).seen:
                assert (seen.user, seen.operator, seen.grant) == ("", "", None)

    def call(self, name: str, tab: int) -> None:
        """Call a service: its token is of whom the view acts as, or there is none."""
        if self.keycloak is None or self.recorder is None:
            return
        self.recorder.clear()
        visit = self.browsers[name, tab].visit("/call/")
        self.judge(visit)
        subjects = people.identities(self.keycloak)
        for token in self.recorder.tokens:
            claims = unverified_claims(token)
            assert claims["sub"] == subjects[visit.seen[0].user]

    def call_later(self, name: str, tab: int) -> None:
        """Call a service when the tokens of before are over."""
        self.move(301)
        self.call(name, tab)

    def call_refused(self, name: str, tab: int) -> None:
        """Call a service when Keycloak has shut the targets out."""
        if self.keycloak is not None:
            for target in people.TARGETS:
                self.keycloak.set_user_enabled(target, False)
            self.call_later(name, tab)
            for target in people.TARGETS:
                self.keycloak.set_user_enabled(target, True)

    def judge(
        self, visit: Visit, *, post: bool = False, as_operator: bool = False
    ) -> None:
        """Check as whom the view ran, or that it did not run."""
        if visit.grant is None:
            self._judge_without_grant(visit)
        elif not visit.held:
            self._judge_after_the_end(visit)
        elif as_operator:
            assert all(s.user == visit.grant.operator_name for s in visit.seen)
        elif post and visit.grant.is_read_only:
            assert (visit.seen, visit.status) == ([], 403)
        else:
            [seen] = visit.seen
            assert seen.user == visit.grant.target_name
            assert seen.operator == visit.grant.operator_name
            assert seen.grant == visit.grant.pk
            assert seen.holds
            assert seen.recorded

    def _judge_without_grant(self, visit: Visit) -> None:
        """Nobody is impersonated where the session has no grant."""
        name = visit.person.get_username() if visit.person is not None else ""
        for seen in visit.seen:
            assert (seen.user, seen.operator, seen.grant) == (name, "", None)

    def _judge_after_the_end(self, visit: Visit) -> None:
        """The view runs as nobody where the session has a grant that is over."""
        assert visit.grant is not None
        assert visit.seen == []
        assert visit.status == 403
        assert ImpersonationGrant.objects.get(pk=visit.grant.pk).ended_at is not None
        assert oracle.grant_of(visit.key_after) is None

    def cause(self, visit: Visit) -> str:
        """Return why the grant of a visit has ended."""
        assert visit.grant is not None
        return ImpersonationGrant.objects.get(pk=visit.grant.pk).end_cause
