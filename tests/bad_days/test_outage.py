"""Keycloak answers nothing, or errors, or slowly: what callers get meanwhile."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from urllib3.connection import HTTPConnection

from kc_exchange import cache, conf, downstream_session, exchange, transport
from kc_exchange.context import using_subject_token
from kc_exchange.exceptions import (
    ClientAuthFailed,
    ExchangeDenied,
    ExchangeError,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    SubjectTokenExpired,
    SubjectTokenRejected,
    UnexpectedReply,
)
from kc_exchange.exchange.protection import RetryBudget, protection_of
from kc_exchange.sources import FixedSubject, source_for
from kc_exchange.tokens import SubjectToken
from tests.bad_days.tools import Gate, at_once
from tests.cache.tools import age, until
from tests.servers import closes, grants, replies, resets, silent

if TYPE_CHECKING:
    from tests.servers import Act
    from tests.servers.site import Site

DENIED = json.dumps({"error": "access_denied", "error_description": "no"})
SERVER_FAILED = json.dumps({"error": "unknown_error"})


def fail(site: Site, times: int = 1) -> list[ExchangeError]:
    """Call in vain, each time as somebody else."""
    errors = []
    for _ in range(times):
        subject = site.subject(jti=str(time.monotonic_ns()))
        with pytest.raises(ExchangeError) as caught:
            site.call(subject)
        errors.append(caught.value)
    return errors


@pytest.mark.fault(2)
@pytest.mark.parametrize(
    ("act", "deadline"),
    [
        pytest.param(replies("", 500), 5.0, id="500"),
        pytest.param(replies("", 503), 5.0, id="503"),
        pytest.param(replies(SERVER_FAILED, 500), 5.0, id="its-database-is-away"),
        pytest.param(resets, 5.0, id="reset"),
        pytest.param(silent, 0.2, id="silence"),
        pytest.param(replies("<html>", kind="text/html"), 5.0, id="a-page"),
        pytest.param(replies("{"), 5.0, id="half-JSON"),
        pytest.param(replies("not found", 404), 5.0, id="404-of-a-proxy"),
    ],
)
def test_outage__is_not_asked_about_by_everybody(
    site: Site, act: Act, deadline: float
) -> None:
    """After five failures callers fail at once, and nobody's token goes elsewhere."""
    site.deadline = deadline
    site.keycloak.acts = [act]
    fail(site, 5)
    asked = len(site.keycloak.asked)

    errors = fail(site, 20)

    told = [error for error in errors if error.diagnosis == "breaker_open"]
    probes = len(site.keycloak.asked) - asked
    assert told
    assert len(told) + probes == 20
    assert all(0 < error.retry_after <= 1.0 for error in told)  # type: ignore[attr-defined]
    assert site.downstream.requests == []


@pytest.mark.fault(2)
@pytest.mark.fault(20)
def test_outage__ends_by_one_probe(site: Site) -> None:
    """Of fifty that wait for its end one asks; when it is answered, the others do."""
    site.keycloak.acts = [replies("", 500)]
    fail(site, 5)
    probed = Gate(grants())
    site.keycloak.acts = [probed]
    breaker = protection_of(conf.current().realm("default")).breaker
    until(breaker.lets_through, 10)
    before = len(site.keycloak.asked)

    def ask(number: int) -> Any:
        with (
            using_subject_token(site.subject(jti=f"crowd-{number}")),
            downstream_session("orders-api") as session,
        ):
            return session.get("x").status_code

    threading.Thread(target=probed.open_for_first).start()
    outcomes = at_once(50, ask)

    failed = [one for one in outcomes if isinstance(one, ExchangeUnavailable)]
    assert outcomes.count(200) >= 1
    assert outcomes.count(200) + len(failed) == 50
    assert len(site.keycloak.asked) - before == outcomes.count(200)
    assert ask(99) == 200


@pytest.mark.fault(2)
def test_last_failure__is_told_as_what_it_was(site: Site) -> None:
    """Who opened the breaker hears of Keycloak, and makes no second attempt."""
    site.keycloak.acts = [*[replies("", 500)] * 4, resets]
    fail(site, 4)

    (error,) = fail(site)

    assert error.diagnosis == "unreachable"
    assert len(site.keycloak.asked) == 5
    assert fail(site)[0].diagnosis == "breaker_open"


@pytest.mark.fault(7)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(400, DENIED, id="access_denied"),
        pytest.param(401, '{"error": "invalid_client"}', id="invalid_client"),
        pytest.param(403, '{"error": "unauthorized_client"}', id="unauthorized"),
    ],
)
def test_refusals__open_no_breaker(site: Site, status: int, body: str) -> None:
    """Keycloak answered, only not as wished: the next one is asked for as ever."""
    site.keycloak.acts = [replies(body, status)]
    errors = fail(site, 12)

    assert len(site.keycloak.asked) == 12
    assert not [e for e in errors if isinstance(e, ExchangeUnavailable)]
    site.keycloak.acts = [grants()]
    assert site.call().status_code == 200


@pytest.mark.fault(2)
def test_failed_server__is_asked_again_by_whoever_met_it(site: Site) -> None:
    """Keycloak says so while its database is away: that is over at any moment."""
    site.keycloak.acts = [replies(SERVER_FAILED, 500), grants()]
    subject = site.subject()

    assert site.refuses(ExchangeUnavailable, subject).diagnosis == "server_failed"

    assert site.call(subject).status_code == 200


@pytest.mark.fault(7)
def test_token_that_keycloak_fails_on__shuts_nobody_out(site: Site) -> None:
    """However often it is sent: that it failed again says nothing of others."""
    site.keycloak.acts = [replies(SERVER_FAILED, 500)]
    poisoned = site.subject()
    for _ in range(8):
        site.refuses(ExchangeUnavailable, poisoned)

    site.keycloak.acts = [grants()]

    assert site.call(site.subject(jti="another")).status_code == 200


@pytest.mark.fault(7)
def test_token_that_keycloak_fails_on__for_several_downstreams(site: Site) -> None:
    """It is the one token all the same, and one failure."""
    site.keycloak.acts = [replies(SERVER_FAILED, 500)]
    site.others = {"billing-api": {"BASE_URL": site.downstream.url}}
    site.configure()
    poisoned = FixedSubject(SubjectToken(value=site.subject()))
    for name in ["orders-api", "billing-api"] * 4:
        with pytest.raises(ExchangeUnavailable) as caught:
            source_for(conf.current().downstream(name), poisoned).token()
        assert caught.value.diagnosis == "server_failed"

    site.keycloak.acts = [grants()]

    assert site.call(site.subject(jti="another")).status_code == 200


@pytest.mark.fault(7)
@pytest.mark.parametrize("status", [400, 403, 413, 414, 431])
def test_proxy_that_refuses_one_request__shuts_nobody_out(
    site: Site, status: int
) -> None:
    """As of a token too long for it: who sent that is refused, for a while unasked."""
    site.keycloak.acts = [replies("<html>no", status, kind="text/html")]
    fail(site, 5)
    subject = site.subject()
    for _ in range(3):
        assert site.refuses(UnexpectedReply, subject).diagnosis == "not_keycloak"
    assert len(site.keycloak.asked) == 6

    site.keycloak.acts = [grants()]

    assert site.call(site.subject(jti="another")).status_code == 200


@pytest.mark.fault(7)
def test_failed_grant_of_its_own_refusals__opens_no_breaker(site: Site) -> None:
    """A provider that is away, or a forged token, is behind it, and not the realm."""
    site.orders = {"STRATEGY": "linked", "REQUESTED_ISSUER": "github", "SCOPES": []}
    site.keycloak.acts = [replies(SERVER_FAILED, 500)]

    errors = fail(site, 8)

    assert {error.diagnosis for error in errors} == {"server_failed"}


@pytest.mark.fault(6)
def test_rejected_subject__is_asked_for_once(site: Site) -> None:
    """The user logs in again; until then nobody asks, and a new login is not refused.

    No second attempt is made, no breaker opens.
    """
    said = {"error": "invalid_request", "error_description": "Invalid token"}
    site.keycloak.acts = [replies(json.dumps(said), 400)]
    subject = site.subject()
    for _ in range(6):
        assert site.refuses(SubjectTokenExpired, subject).http_status == 401
    assert len(site.keycloak.asked) == 1

    site.keycloak.acts = [grants()]

    assert site.call(site.subject(jti="new-login")).status_code == 200


@pytest.mark.fault(3)
def test_good_tokens__serve_behind_an_open_breaker(site: Site) -> None:
    """Also near their end, where a renewal is tried in vain; a page is shown."""
    subject = site.subject()
    site.call(subject)
    site.keycloak.acts = [closes]
    fail(site, 5)

    age(cache.tokens, 265)

    for _ in range(20):
        assert site.call(subject).status_code == 200
    until(lambda: not cache.tokens.flights._under_way, 10)
    age(cache.tokens, 10)
    with pytest.raises(ExchangeUnavailable):
        site.call(subject)


@pytest.mark.fault(3)
@pytest.mark.parametrize(
    ("status", "error"),
    [(404, "Unable to find matching target resource method"), (409, "conflict")],
)
def test_good_tokens__serve_on_where_keycloak_is_not_itself(
    site: Site, status: int, error: str
) -> None:
    """A renewal met no policy, but a Keycloak without its realm, or a race."""
    subject = site.subject()
    site.call(subject)
    site.keycloak.acts = [replies(json.dumps({"error": error}), status)]
    age(cache.tokens, 265)

    site.call(subject)
    until(lambda: len(site.keycloak.asked) == 2, 10)
    until(lambda: not cache.tokens.flights._under_way, 10)

    assert site.call(subject).status_code == 200


class Leaving(FixedSubject):
    """A subject whose token runs out, and that cannot be renewed for now."""

    error: ExchangeError = ExchangeUnavailable("away", "wait")

    def renew(self, rejected: SubjectToken) -> SubjectToken:
        """Raise."""
        assert rejected == self.captured
        raise self.error

    def run_out(self) -> None:
        """Let it be over."""
        self._token = SubjectToken(value=self.token().value, expires_at=1.0)


@pytest.mark.fault(3)
@pytest.mark.fault(7)
@pytest.mark.parametrize("way", ["token", "atoken"])
@pytest.mark.parametrize(
    "kind",
    [ExchangeUnavailable, UnexpectedReply, ClientAuthFailed, ExchangeMisconfigured],
)
async def test_exchanged_token__outlives_the_subjects_while_keycloak_is_away(
    site: Site, caplog: Any, way: str, kind: type[ExchangeError]
) -> None:
    """Or not itself, or refuses our own credential, until the token's own end.

    Of the last the log has a line. Where Keycloak says that the login is over, or that
    the user may not, it is over.
    """
    site.configure()
    subject = Leaving(SubjectToken(value=site.subject()))
    subject.error = kind("away")
    source = source_for(conf.current().downstream("orders-api"), subject)

    async def token() -> Any:
        return source.token() if way == "token" else await source.atoken()

    first = await token()
    subject.run_out()
    age(cache.tokens, 265)
    for _ in range(2):
        assert (await token()).value == first.value
    assert len(site.keycloak.asked) == 1
    alarms = [r for r in caplog.records if "misconfigured" in r.getMessage()]
    assert len(alarms) == (kind is ClientAuthFailed)

    for refusal in (SubjectTokenRejected(), ExchangeDenied()):
        subject.error = refusal
        with pytest.raises(type(refusal)):
            await token()
    subject.error = kind("away")
    age(cache.tokens, 10)
    with pytest.raises(kind, match="away"):
        await token()


@pytest.mark.fault(3)
@pytest.mark.parametrize("way", ["token", "atoken"])
async def test_exchanged_token__outlives_the_subjects_in_the_shared_cache(
    site: Site, settings: Any, way: str
) -> None:
    """There it is looked up anew after `LOCAL_SECONDS`, and still serves."""
    memory = "django.core.cache.backends.locmem.LocMemCache"
    tokens = {"BACKEND": memory, "LOCATION": f"outlives-{way}"}
    settings.CACHES = {**settings.CACHES, "tokens": tokens}
    site.configure()
    shared = {"ALIAS": "tokens", "KEYS": ["k" * 40], "LOCAL_SECONDS": 10}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "SHARED_CACHE": shared}
    subject = Leaving(SubjectToken(value=site.subject()))
    source = source_for(conf.current().downstream("orders-api"), subject)

    async def token() -> Any:
        return source.token() if way == "token" else await source.atoken()

    first = await token()
    subject.run_out()
    for entry in cache.tokens._entries.values():
        entry.fresh_until -= 11

    assert (await token()).value == first.value
    assert len(site.keycloak.asked) == 1


@pytest.mark.fault(1)
def test_retries__are_a_tenth_of_the_requests() -> None:
    """After a reserve of ten, so that an outage is not doubled."""
    budget = RetryBudget()
    spent = 0
    for _ in range(1000):
        budget.earn()
        spent += budget.spend()

    assert 105 <= spent <= 115


@pytest.mark.fault(1)
@pytest.mark.fault(8)
def test_retries__stop_in_an_outage_with_answers_in_between(site: Site) -> None:
    """Where the breaker sees no row of failures, the budget still bounds them."""
    site.keycloak.acts = [replies("", 502), *[resets, replies(DENIED, 400)] * 60]
    fail(site, 60)

    retried = len(site.keycloak.asked) - 60

    assert 10 <= retried <= 17


@pytest.mark.fault(7)
def test_wrong_credential__is_loud_once(site: Site, caplog: Any) -> None:
    """It is asked each time, since it is mended here, and said with cause and fix."""
    site.keycloak.acts = [replies('{"error": "invalid_client"}', 401)]
    for number in range(3):
        site.refuses(ClientAuthFailed, site.subject(jti=str(number)))

    alarms = [r for r in caplog.records if "misconfigured" in r.getMessage()]
    assert len(alarms) == 1
    assert alarms[0].levelname == "ERROR"
    assert "Fix: " in alarms[0].getMessage()
    assert len(site.keycloak.asked) == 3


@pytest.mark.fault(7)
def test_misconfigured_audience__is_loud_once(site: Site, caplog: Any) -> None:
    """One error for each audience; refusals of one user's are no such thing."""
    said = {"error": "invalid_client", "error_description": "Audience not found"}
    site.keycloak.acts = [replies(json.dumps(said), 400)]
    site.others = {"billing-api": {"BASE_URL": site.downstream.url}}
    for number in range(3):
        site.refuses(ExchangeMisconfigured, site.subject(jti=str(number)))
    with (
        pytest.raises(ExchangeMisconfigured),
        using_subject_token(site.subject()),
        downstream_session("billing-api") as session,
    ):
        session.get("x")

    alarms = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert len(alarms) == 2
    assert "audience=orders-api realm=default diagnosis=audience_unknown" in alarms[0]
    assert "audience=billing-api" in alarms[1]
    assert all("Fix: " in line for line in alarms)
    assert len(site.keycloak.asked) == 2


def test_open_breaker__names_what_keycloak_did(site: Site) -> None:
    """Whoever meets it later learns why, and no secret."""
    site.keycloak.acts = [replies(b"x" * 70_000)]
    fail(site, 5)

    error = site.refuses(ExchangeUnavailable)

    assert "longer than 65536 bytes" in error.cause


def test_revocation__is_tried_by_all_means(site: Site) -> None:
    """What must end is sent although the token endpoint is taken for ill."""
    site.keycloak.discovery = {"revocation_endpoint": f"{site.keycloak.issuer}/revoke"}
    site.keycloak.acts = [replies("", 500)]
    fail(site, 6)
    site.keycloak.acts = [replies("")]

    exchange.revoke(SubjectToken(value="t"), conf.current().realm("default"))

    assert site.keycloak.asked[-1].path.endswith("/revoke")


@pytest.mark.fault(14)
def test_connection__is_not_older_than_a_minute(site: Site) -> None:
    """A host that moved is looked up again, though its old place still answers."""
    site.call(site.subject(jti="1"))
    site.call(site.subject(jti="2"))
    assert site.keycloak.connections == 1

    for known in transport._connections.values():
        pools = known.manager.pools
        for key in pools.keys():  # noqa: SIM118 - it is no dictionary
            kept: Any = pools[key].pool
            for connection in list(kept.queue):
                if isinstance(connection, HTTPConnection):
                    connection.connected_at -= 61  # type: ignore[attr-defined]

    assert site.call(site.subject(jti="3")).status_code == 200
    assert site.keycloak.connections == 2


@pytest.mark.fault(2)
def test_cold_start__discovery_is_guarded_too(site: Site) -> None:
    """Where Keycloak never answered, callers do not wait for it one after the other."""
    site.keycloak.discovery = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    fail(site, 5)
    seen = len(site.keycloak.requests)

    errors = fail(site, 20)

    told = [error for error in errors if error.diagnosis == "breaker_open"]
    assert told
    assert len(told) + len(site.keycloak.requests) - seen == 20


def test_unexpected_reply__is_still_told_as_such(site: Site) -> None:
    """Whoever met it learns what it was; the breaker only counts."""
    site.keycloak.acts = [replies("<html>", kind="text/html")]

    site.refuses(UnexpectedReply)


def test_misconfigured_issuer__is_no_outage(site: Site) -> None:
    """It is told each time as what it is: waiting would not mend it."""
    site.keycloak.discovery = {"issuer": "https://elsewhere.example.com/realms/shop"}

    assert {type(error) for error in fail(site, 8)} == {UnexpectedReply}


def test_caller_without_time__tells_nothing_about_keycloak(site: Site) -> None:
    """Who leaves a request no time has not found out that Keycloak is away."""
    site.call()
    site.keycloak.acts = [silent]
    for number in range(8):
        with transport.within(0.05), pytest.raises(ExchangeUnavailable) as caught:
            site.call(site.subject(jti=f"hurried-{number}"))
        assert caught.value.diagnosis == "deadline_passed"

    site.keycloak.acts = [grants()]

    assert site.call(site.subject(jti="patient")).status_code == 200
