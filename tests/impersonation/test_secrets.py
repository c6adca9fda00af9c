"""No token of a grant is anywhere but where it is used: planted, and looked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache as django_cache

from kc_exchange import cache
from kc_exchange.impersonation import end
from kc_exchange.impersonation.errors import GrantEnded
from kc_exchange.impersonation.sources import GrantSubject
from kc_exchange.models import AuditEvent, GrantToken
from kc_exchange.sources import FixedSubject
from kc_exchange.tokens import SubjectToken
from tests.impersonation.desk import Cause, Type
from tests.impersonation.realm_desk import REALM, dump, log_in, tokens_of
from tests.servers.secrets import assert_tells_nothing

if TYPE_CHECKING:
    from tests.impersonation.realm_desk import RealmDesk

pytestmark = pytest.mark.django_db


class Seen:
    """All that a token could have got into."""

    def __init__(self, desk: RealmDesk, log: Any) -> None:
        self._desk = desk
        self._log = log
        self._pages: list[str] = []

    def visit(self, method: str, url: str, body: Any = None, **headers: str) -> Any:
        """Ask for a page, and keep all of the answer."""
        answer = self._desk.client.generic(
            method, url, body or "", content_type="application/json", headers=headers
        )
        self._pages.append(
            f"{answer.content.decode()} {answer.headers} {answer.cookies}"
        )
        return answer

    def text(self) -> str:
        """Return pages, log with tracebacks, database, sessions, record, cache."""
        sessions = [str(row.get_decoded()) for row in Session.objects.all()]
        payloads = [bytes(e.payload).decode() for e in AuditEvent.objects.all()]
        caches = str(getattr(django_cache, "_cache", ""))
        return "\n".join(
            [*self._pages, self._log.text, dump(), *sessions, *payloads, caches]
        )


def parts_of(token: str) -> list[str]:
    """Return what would give a token away: the beginnings of claims and signature."""
    return [part[:40] for part in token.split(".")[1:] if len(part) > 40]


@pytest.fixture
def planted(realm_desk: RealmDesk) -> list[str]:
    """Log the operator in anew; return the operator's tokens."""
    tokens = tokens_of(realm_desk.keycloak, "olga")
    log_in(realm_desk.client, realm_desk.operator, tokens)
    return [tokens.access_token, tokens.refresh_token, tokens.id_token]


def test_tokens__nowhere_to_be_found(
    realm_desk: RealmDesk, planted: list[str], caplog: Any
):
    """Through a start, calls, refusals, a crash, renewals, and an end that fails."""
    desk = realm_desk
    caplog.set_level(logging.DEBUG)
    desk.client.raise_request_exception = False
    desk.settings.DEBUG = True
    seen = Seen(desk, caplog)
    desk.client.defaults["HTTP_USER_AGENT"] = f"Browser/1 ({planted[0]})"
    grant = desk.start(mode="read-write")
    del desk.client.defaults["HTTP_USER_AGENT"]
    kept = desk.tokens(grant)
    seen.visit("GET", "/call/")
    seen.visit("GET", "/acall/")
    seen.visit("GET", "/call/?name=forwarded")
    seen.visit("GET", "/call-crash/")
    seen.visit("GET", "/who/", Authorization=f"Bearer {desk.service.tokens[0]}")
    seen.visit("GET", "/who/", **{"X-Request-ID": desk.service.tokens[0]})
    desk.service.answer_next(
        401, {}, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
    )
    seen.visit("GET", "/call/")
    desk.keycloak.logout(REALM, "alice")
    cache.tokens.clear()
    seen.visit("GET", "/call/")
    kept += desk.tokens(grant)
    desk.keycloak.fail_next(503, times=20, endpoint="revoke")
    seen.visit("POST", "/stop/")
    desk.keycloak._faults.clear()
    seen.visit("GET", "/call/")
    handed = [*planted, *kept, *desk.service.tokens]
    assert len(desk.first_hops()) == 2
    assert len(set(handed)) == 9
    everywhere = seen.text()
    assert "eyJ" not in "".join(seen._pages)
    for token in handed:
        for part in parts_of(token):
            assert part not in everywhere
    assert GrantToken.objects.exists()


def test_tokens__in_a_path(realm_desk: RealmDesk):
    """A link with a token in it, as some services send, is recorded without it."""
    desk = realm_desk
    desk.start()
    desk.call()
    token = desk.service.tokens[0]
    assert desk.client.get(f"/who/{token}/").status_code == 404
    asked = desk.events(Type.REQUEST_STARTED)[-1]
    assert b'"path":"/who/***/"' in bytes(asked.payload)
    for part in parts_of(token):
        assert part not in desk.told()


def test_tokens__refused_start(realm_desk: RealmDesk, planted: list[str], caplog: Any):
    """A token pasted into the reason or the ticket is not kept either."""
    desk = realm_desk
    caplog.set_level(logging.DEBUG)
    token = planted[0]
    for stated in (
        {"reason": f"Ticket 4711: {token}"},
        {"reason": f"Ticket 4711: Bearer {token}\nplease look"},
        {"ticket": token[:100]},
    ):
        desk.attempt(**stated)
    seen = Seen(desk, caplog)
    for part in parts_of(token):
        assert part not in seen.text()


def test_tokens__not_in_errors_and_reprs(realm_desk: RealmDesk, caplog: Any):
    """Nor in the local variables that a debug page shows of a failed call."""
    desk = realm_desk
    grant = desk.start()
    value = tokens_of(desk.keycloak, "olga").access_token
    subject = GrantSubject(grant, FixedSubject(SubjectToken(value=value)))
    held = subject.token()
    (row,) = GrantToken.objects.all()
    end(grant, Cause.FORCED)
    with pytest.raises(GrantEnded) as caught:
        subject.renew(held)
    assert_tells_nothing(caught.value, caplog.text, value, held.value)
    texts = " ".join([repr(subject), repr(held), repr(row), str(row), repr(vars(row))])
    for part in [*parts_of(value), *parts_of(held.value)]:
        assert part not in texts


def test_tokens__record_names_them_without_telling(realm_desk: RealmDesk):
    """Of each token the record has its id, its session, and a piece of its hash."""
    desk = realm_desk
    desk.start()
    desk.call()
    (issued,) = desk.events(Type.TOKEN_ISSUED)
    assert b'"sha256":"' in bytes(issued.payload)
    assert b"eyJ" not in bytes(issued.payload)
