"""Go the way that a token goes, and look at each step of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

from kc_exchange import conf, transport
from kc_exchange.doctor import opinion, project, subject
from kc_exchange.doctor.chart import Chart
from kc_exchange.doctor.findings import Report
from kc_exchange.doctor.impersonation import may_impersonate, try_impersonation
from kc_exchange.doctor.logins import through_providers
from kc_exchange.doctor.plan import planned
from kc_exchange.doctor.reach import try_to_reach
from kc_exchange.doctor.realm import examine_realm
from kc_exchange.doctor.strategies import walk
from kc_exchange.doctor.time_given import TimeGiven
from kc_exchange.doctor.way import HAND_ONE_IN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Downstream, Settings
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen
    from kc_exchange.tokens import SubjectToken

_USERS = "the user's token"
_OF_ONE_REALM = frozenset({"exchange", "forward"})
"""Strategies whose REALM is that of the users, where it is set."""


@sensitive_variables()
def examine(
    token: str = "", *, audience: str = "", target: str = "", seconds: float = inf
) -> Report:
    """Examine all that a token of this project passes, and say what is found.

    Nothing is cached, logged, or kept at Keycloak. Each question has the deadline of
    its realm, and all of them together the time that is given.

    Args:
        token: a user's access token; without it that of the requester's own service
            account goes the way, as far as it can.
        audience: a key of DOWNSTREAMS, to look at this one alone.
        target: the id at Keycloak of a user whom the token's owner is to impersonate.
        seconds: what is not examined by then is said not to be; to end a session that
            was begun may take as long as a question beyond it.

    Raises:
        UnknownDownstream: there is no such key.
    """
    chart = Chart("project")
    if conf.problems():
        found = tuple(project.unusable(chart))
        return Report(findings=found, is_usable=False)
    settings = conf.current()
    names = [audience] if audience else list(settings.downstreams)
    chosen = [settings.downstream(name) for name in names]
    given, whole = subject.Given(token), not audience
    time = TimeGiven(seconds)
    examination = _Examination(settings, chosen, given, target, whole, time)
    with transport.within(seconds):
        return Report(findings=tuple(examination.findings(chart)))


@dataclass(slots=True)
class _Examination:
    """One run; what one step finds out, later ones know."""

    settings: Settings
    downstreams: list[Downstream]
    given: subject.Given
    target: str
    whole: bool
    """Whether no downstream was named, so that all are looked at."""
    time: TimeGiven
    realms: dict[str, Seen] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    """Realms whose users are looked at."""

    def findings(self, chart: Chart) -> Iterator[Finding]:
        """Yield all findings, in the order in which a token goes."""
        if self.whole:
            yield from project.check_settings(chart)
            yield from project.check_login(chart)
        read = self._read()
        self.realms = planned(
            self.settings,
            self.downstreams,
            self.users,
            whole=self.whole,
            has_target=bool(self.target),
        )
        for seen in self.realms.values():
            seen.lent = self._lent_to(seen)
            yield from self.time.used(f"realm {seen.realm.alias}", examine_realm(seen))
            self._tell_others(seen)
        yield from read
        yield from self.time.used(_USERS, self._token())
        for downstream in self.downstreams:
            about = f"downstream {downstream.name}"
            yield from self.time.used(about, self._downstream(about, downstream))
        if self.whole and self.settings.providers:
            found = through_providers(self.settings, self.given.token, self.realms)
            yield from self.time.used("providers of logins", found)
        acting = self.realms.get(self.settings.impersonation.realm)
        if acting is not None and "impersonation" in acting.wanted:
            found = self._impersonation(acting)
            yield from self.time.used("impersonation", found)

    def _lent_to(self, seen: Seen) -> SubjectToken | None:
        """Return the given token, if the client of a realm may exchange it."""
        token = self.given.token
        if token is None or token.provider:
            return None
        same = self.settings.realm(token.realm).issuer == seen.realm.issuer
        return token if same and self.given.is_for(seen.realm.client_id) else None

    def _tell_others(self, seen: Seen) -> None:
        """What an administrator is told of a server holds for each of its realms."""
        for other in self.realms.values():
            if other.server == seen.server and seen.version:
                other.version, other.features = seen.version, seen.features

    def _read(self) -> list[Finding]:
        """Read the token first: whose users are looked at depends on it."""
        self.users = [realm.alias for realm in self.settings.user_realms]
        if not self.given.value:
            return []
        found = list(subject.read(self._chart_of_token(), self.given))
        if self.given.token:
            self.users = [self.given.token.realm]
        return found

    def _chart_of_token(self) -> Chart:
        realm = self.settings.realm("default")
        return Chart(
            _USERS,
            client=realm.client_id,
            realm=realm.alias,
            login_client=self.given.login_client,
        )

    def _token(self) -> Iterator[Finding]:
        given, chart = self.given, self._chart_of_token()
        if not given.value:
            yield chart.skipped(subject.TOKEN, "no token was handed in", HAND_ONE_IN)
            return
        if given.token is None or given.token.provider:
            return
        seen = self.realms.get(given.token.realm)
        if seen is None:
            return
        yield from opinion.check_signature(chart, given, seen)
        yield from opinion.ask_keycloak(chart, given, seen)
        if given.token is not None:
            yield from opinion.check_audience(chart, given, self._requesters(seen))

    def _requesters(self, seen: Seen) -> list[Seen]:
        """The clients that have to exchange the token, which is of this realm."""
        of_operators = bool(self.target) or may_impersonate(self.given.claims)
        return [
            other
            for other in self.realms.values()
            if other.realm.issuer == seen.realm.issuer
            and other.exchanges_users(of_operators=of_operators)
        ]

    def _downstream(self, about: str, downstream: Downstream) -> Iterator[Finding]:
        chart = Chart(
            about,
            downstream=downstream.name,
            audience=downstream.audience,
            scopes=" ".join(sorted(downstream.scopes)),
            provider=downstream.requested_issuer,
            login_client=self.given.login_client,
        )
        users = self.users
        if downstream.strategy == "service-account":
            users = [downstream.realm]
        elif downstream.realm and downstream.strategy in _OF_ONE_REALM:
            users = users if self.given.value else [downstream.realm]
        for alias in users:
            one = chart if len(users) == 1 else chart.about_users_of(alias)
            yield from walk(
                one,
                downstream,
                self._fitting(downstream),
                self.realms,
                users=alias,
                is_named=not self.whole,
            )
        yield from try_to_reach(chart, downstream)

    def _fitting(self, downstream: Downstream) -> SubjectToken | None:
        """Return the given token; None if it is not for this one of many."""
        token = self.given.token
        if token is None or not self.whole:
            return token
        is_external = downstream.strategy == "external"
        return token if bool(token.provider) == is_external else None

    def _impersonation(self, seen: Seen) -> Iterator[Finding]:
        names = {"realm": seen.realm.alias, "client": seen.realm.client_id}
        chart = Chart("impersonation", **names, login_client=self.given.login_client)
        yield from try_impersonation(chart, seen, self.given.token, self.target)
