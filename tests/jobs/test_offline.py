"""A job after its session's time: with the offline token that the login asked for."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from kc_exchange import cache
from kc_exchange.capture.session import ITEM, sealed_anew
from kc_exchange.exceptions import ExchangeUnavailable, SubjectGone
from kc_exchange.jobs import forget_session, offline
from kc_exchange.jobs.logins import opened, write
from kc_exchange.jobs.reference import opened as opened_reference
from kc_exchange.jwt_validation import LogoutToken
from kc_exchange.logout import forget_user, obey
from kc_exchange.models import OfflineToken
from kc_exchange.tokens import TokenSet, unverified_claims
from tests.impersonation.realm_desk import log_in, tokens_of
from tests.jobs.test_session import deactivated, expire, other_password
from tests.jobs.works import REALM, Works, call, tokens_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.django_db(transaction=True)


def offline_tokens(keycloak: Any) -> TokenSet:
    """Return what Keycloak gives alice for her password, with an offline token."""
    return tokens_of(keycloak, "alice", "openid orders:read offline_access")


@pytest.fixture
def nightly(works: Works) -> Iterator[Works]:
    """Give alice's browser with an offline login."""
    works.client = Client()
    log_in(works.client, works.user, offline_tokens(works.keycloak))
    yield works
    works.keycloak.realm(REALM).revoke_refresh_token = False


def reference_of(works: Works, **query: Any) -> str:
    return works.reference(offline="yes", **query)


def row() -> OfflineToken:
    return OfflineToken.objects.get()


def let_session_expire(works: Works) -> None:
    """Let the session's time be over, as the row and Django know it."""
    works.session().delete()
    let_time_pass()


def let_time_pass() -> None:
    """Let the session's end, as it was last seen, be past."""
    past = timezone.now() - timedelta(seconds=1)
    assert OfflineToken.objects.update(session_ends_at=past) == 1


def let_token_expire() -> None:
    kept = row()
    login = opened(kept)
    assert login is not None
    write(kept, replace(login, expires_at=time.time() - 1))
    kept.save()
    cache.tokens.clear()


def test_row__keeps_the_token_sealed(nightly: Works) -> None:
    """Neither the tokens nor the keys of sessions are to be read in the row."""
    reference = reference_of(nightly)
    values = repr(OfflineToken.objects.values().get())

    session = nightly.session()
    for secret in (*nightly.secrets(), session.session_key):
        assert secret not in values + reference
    assert "sid" not in values
    assert nightly.secrets()[1] not in repr(opened(row()))


def test_row__opens_for_its_own_login_alone(nightly: Works) -> None:
    """What was copied into another row does not open."""
    reference_of(nightly)
    copied = OfflineToken(sealed=row().sealed)

    assert opened(row()) is not None
    assert opened(copied) is None


def test_session__is_used_while_it_is_there(nightly: Works) -> None:
    assert call(reference_of(nightly)) == 200


def test_session_is_over__the_offline_token_is_used(nightly: Works) -> None:
    """The job still calls as its user, with a token that was renewed."""
    reference = reference_of(nightly)
    subject = unverified_claims(nightly.secrets()[0])["sub"]
    let_session_expire(nightly)
    let_token_expire()

    assert call(reference) == 200
    assert unverified_claims(nightly.service.tokens[-1])["sub"] == subject


def test_session_is_over__without_offline(nightly: Works) -> None:
    """A reference that was made without it does not use another's."""
    plain = nightly.reference()
    reference_of(nightly)
    let_session_expire(nightly)

    with pytest.raises(SubjectGone):
        call(plain)


def test_session_that_was_ended__before_its_time(nightly: Works) -> None:
    """A session that somebody deleted was ended: nobody is called for."""
    reference = reference_of(nightly)
    nightly.session().delete()

    with pytest.raises(SubjectGone, match="was ended"):
        call(reference)


def notice_in_a_job(reference: str) -> None:
    with pytest.raises(SubjectGone):
        call(reference)


def notice_in_a_sweep(_reference: str) -> None:
    call_command("kc_exchange", "sweep")


@pytest.mark.parametrize("notice", [notice_in_a_job, notice_in_a_sweep])
def test_session_that_was_ended__stays_so(
    nightly: Works, notice: Callable[[str], None]
) -> None:
    """When its time would have come, it has not ended by its age."""
    reference, token = reference_of(nightly), nightly.secrets()[1]
    nightly.session().delete()
    notice(reference)
    let_time_pass()

    with pytest.raises(SubjectGone, match="was ended"):
        call(reference)
    call_command("kc_exchange", "sweep")
    assert OfflineToken.objects.count() == 1
    OfflineToken.objects.update(missing_at=timezone.now() - timedelta(minutes=11))
    call_command("kc_exchange", "sweep")
    assert OfflineToken.objects.count() == 0
    assert is_revoked(nightly, token)


def use_on(works: Works) -> None:
    """Renew the token, at which its row is told."""
    expire(works)
    assert call(works.reference()) == 200


def sweep(_works: Works) -> None:
    call_command("kc_exchange", "sweep")


@pytest.mark.parametrize("learn", [use_on, sweep])
def test_session_that_was_prolonged__and_then_ended(
    nightly: Works, learn: Callable[[Works], None]
) -> None:
    """Its new end counts: before that, somebody ended it."""
    reference = reference_of(nightly)
    let_time_pass()
    learn(nightly)
    nightly.session().delete()

    with pytest.raises(SubjectGone, match="was ended"):
        call(reference)


def test_session_that_gets_another_key__is_not_missing(nightly: Works) -> None:
    """A job that looks for it in between ends nothing."""
    reference = reference_of(nightly)
    session = nightly.session()
    kept = tokens_kept(session)
    session.cycle_key()
    notice_in_a_job(reference)
    sweep(nightly)
    session[ITEM] = sealed_anew(session.session_key, kept).sealed
    session.save()

    assert call(reference) == 200
    assert row().missing_at is None


def test_login__that_asked_for_none(works: Works) -> None:
    """The cause and the fix name the scope; nothing is kept."""
    reply = works.client.get("/start/", {"offline": "yes"})

    assert reply.status_code == 401
    assert OfflineToken.objects.count() == 0


def is_revoked(works: Works, refresh_token: str, client_id: str = "django-app") -> bool:
    reply = requests.post(
        f"{works.keycloak.issuer(REALM)}/protocol/openid-connect/token",
        data={"grant_type": "refresh_token", "refresh_token": refresh_token},
        auth=(client_id, "django-app-secret"),
        timeout=10,
    )
    return reply.status_code == 400


def deactivated_alone(works: Works) -> None:
    works.user.is_active = False
    works.user.save(update_fields=["is_active"])


def logged_out_at_keycloak(works: Works) -> None:
    kept = tokens_kept(works.session())
    said = unverified_claims(kept.access_token)
    obey(
        LogoutToken(
            issuer=said["iss"],
            subject="",
            session_id=said["sid"],
            token_id=str(uuid4()),
            issued_at=int(time.time()),
            expires_at=int(time.time()) + 60,
        )
    )


def forget_by_session(works: Works) -> None:
    forget_session(works.session().session_key)


@pytest.mark.parametrize(
    "goes",
    [
        lambda works: works.client.logout(),
        other_password,
        deactivated,
        deactivated_alone,
        lambda works: works.user.delete(),
        lambda works: forget_user(works.user),
        forget_by_session,
        logged_out_at_keycloak,
    ],
)
def test_user_goes__the_token_is_deleted_and_revoked(
    nightly: Works, goes: Callable[[Works], object]
) -> None:
    """Here at once, and at Keycloak (RFC 7009); no later job has it."""
    reference, token = reference_of(nightly), nightly.secrets()[1]

    goes(nightly)

    assert OfflineToken.objects.count() == 0
    assert is_revoked(nightly, token)
    Session.objects.all().delete()
    with pytest.raises(SubjectGone):
        call(reference)
    assert nightly.service.requests == []


def test_user_goes__after_the_key_of_the_session_changed(nightly: Works) -> None:
    """A logout finds the row by the login, too."""
    reference_of(nightly)
    OfflineToken.objects.update(session_digest="another")

    nightly.client.logout()

    assert OfflineToken.objects.count() == 0


def rotate_secret_key(settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-0123456789abcdefghijklmnopqrstuvwxyz"


def goes_on(works: Works) -> None:
    """Send a request: Django, which sees an older key, gives the session another."""
    before = works.session().session_key
    assert works.client.get("/start/").status_code == 200
    assert works.session().session_key != before


def stays(works: Works) -> None:
    """Do nothing before the logout."""


@pytest.mark.parametrize("goes", [stays, goes_on])
def test_user_goes__after_a_new_secret_key(
    nightly: Works, settings: Any, goes: Callable[[Works], None]
) -> None:
    """With the old one in SECRET_KEY_FALLBACKS a logout finds the row all the same."""
    reference_of(nightly)
    token = nightly.secrets()[1]
    rotate_secret_key(settings)
    goes(nightly)

    nightly.client.post("/logout/")

    assert OfflineToken.objects.count() == 0
    assert is_revoked(nightly, token)


def test_new_secret_key__is_followed(nightly: Works, settings: Any) -> None:
    """A reference from before it is good, and the row is found without the old one."""
    reference = reference_of(nightly)
    rotate_secret_key(settings)
    goes_on(nightly)

    assert call(reference) == 200
    assert reference_of(nightly)
    assert OfflineToken.objects.count() == 1
    settings.SECRET_KEY_FALLBACKS = []
    forget_session(nightly.session().session_key)
    assert OfflineToken.objects.count() == 0


def test_user_goes__while_keycloak_is_away(nightly: Works, capsys: Any) -> None:
    """The logout succeeds, no job has the token, and a sweep revokes it later."""
    reference, token = reference_of(nightly), nightly.secrets()[1]
    nightly.keycloak.fail_next(status=503, times=2, endpoint="revoke")

    nightly.client.logout()

    assert OfflineToken.objects.count() == 0
    with pytest.raises(SubjectGone):
        call(reference)
    nightly.keycloak.fail_next(status=503, times=2, endpoint="revoke")
    call_command("kc_exchange", "sweep")
    assert "1 tokens wait for their revocation" in capsys.readouterr().out
    assert OfflineToken.ended.count() == 1
    call_command("kc_exchange", "sweep")
    assert "wait" not in capsys.readouterr().out
    assert OfflineToken.ended.count() == 0
    assert is_revoked(nightly, token)


def test_user_comes_back__while_the_token_waits(nightly: Works) -> None:
    """The same session at Keycloak gets a row of its own, which is not the old one."""
    before = reference_of(nightly)
    tokens = tokens_kept(nightly.session())
    nightly.keycloak.fail_next(status=503, times=2, endpoint="revoke")
    nightly.client.logout()
    assert OfflineToken.ended.count() == 1

    log_in(nightly.client, nightly.user, tokens)
    reference = reference_of(nightly)
    with pytest.raises(SubjectGone):
        call(before)
    call_command("kc_exchange", "sweep")
    assert OfflineToken.ended.count() == 0
    let_session_expire(nightly)
    let_token_expire()
    assert call(reference) == 200


def test_user__saved_otherwise_keeps_it(nightly: Works) -> None:
    """Another name, another login's time: the token stays."""
    reference_of(nightly)
    nightly.user.first_name = "Alice"
    nightly.user.save()
    nightly.user.save(update_fields=["last_login"])

    assert OfflineToken.objects.count() == 1


def test_user__changed_without_a_signal(nightly: Works) -> None:
    """`update()` sends none: the job looks itself, and a sweep forgets the token."""
    reference = reference_of(nightly)
    let_session_expire(nightly)
    type(nightly.user).objects.update(is_active=False)

    with pytest.raises(SubjectGone, match="deactivated"):
        call(reference)
    call_command("kc_exchange", "sweep")
    assert OfflineToken.objects.count() == 0


def test_sweep__forgets_what_is_too_old(nightly: Works, capsys: Any) -> None:
    reference_of(nightly)
    call_command("kc_exchange", "sweep")
    assert OfflineToken.objects.count() == 1
    token = nightly.secrets()[1]
    OfflineToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    call_command("kc_exchange", "sweep")

    assert OfflineToken.objects.count() == 0
    assert "Gave 1 offline tokens back" in capsys.readouterr().out
    assert is_revoked(nightly, token)


def test_login__has_one_row(nightly: Works) -> None:
    """Several references share it, and it lasts as long as the longest of them."""
    first = reference_of(nightly, max_age=3600)
    second = reference_of(nightly, max_age=60)
    let_session_expire(nightly)

    assert row().expires_at > timezone.now() + timedelta(minutes=50)
    assert call(first) == call(second) == 200


@contextmanager
def before_a_row_is_written(act: Callable[[], object]) -> Iterator[None]:
    """Do something, once, right before the next row is inserted or updated."""
    waiting = [act]

    def wrapper(execute: Any, sql: str, *args: Any) -> Any:
        writes = sql.startswith(("INSERT", "UPDATE"))
        if writes and '"kc_exchange_offlinetoken"' in sql and waiting:
            waiting.pop()()
        return execute(sql, *args)

    with connection.execute_wrapper(wrapper):
        yield
    assert not waiting


def log_out(works: Works) -> None:
    """Log out as another request of the same browser does."""
    browser = Client()
    browser.cookies.update(works.client.cookies)
    browser.post("/logout/")


@pytest.mark.parametrize("goes", [log_out, deactivated])
@pytest.mark.parametrize("kept_before", [True, False])
def test_reference__made_while_the_user_goes(
    nightly: Works, goes: Callable[[Works], object], kept_before: bool
) -> None:
    """Nothing is kept of a login that was forgotten meanwhile."""
    if kept_before:
        reference_of(nightly)

    with before_a_row_is_written(lambda: goes(nightly)):
        reply = nightly.client.get("/start/", {"offline": "yes"})

    assert reply.status_code == 401
    assert OfflineToken.objects.count() == 0


def test_renewal_of_the_session__is_followed(nightly: Works) -> None:
    """Where a realm takes a refresh token once, the row has the newest."""
    nightly.keycloak.realm(REALM).revoke_refresh_token = True
    reference = reference_of(nightly)
    expire(nightly)
    assert call(reference) == 200
    newer = tokens_kept(nightly.session()).refresh_token
    login = opened(row())
    assert login is not None
    assert login.refresh_token == newer

    let_session_expire(nightly)
    let_token_expire()
    assert call(reference) == 200


def test_new_key_of_the_session__is_followed(nightly: Works) -> None:
    """After `cycle_key`, as by the start of an impersonation, the session is found."""
    reference = reference_of(nightly)
    session = nightly.session()
    kept = tokens_kept(session)
    session.cycle_key()
    session.save()
    session[ITEM] = sealed_anew(session.session_key, kept).sealed
    session.save()

    assert call(reference) == 200


def test_late_worker__takes_what_another_got(nightly: Works) -> None:
    """Who waited for the lock finds the newer token, and does not ask Keycloak."""
    nightly.keycloak.realm(REALM).revoke_refresh_token = True
    claims = opened_reference(reference_of(nightly))
    let_session_expire(nightly)
    let_token_expire()
    rejected = offline.login_of(claims).subject

    first, second = (offline.renew(claims, rejected) for _ in range(2))

    assert first == second != rejected


def test_keycloak_away__the_token_is_as_it_was(nightly: Works) -> None:
    reference = reference_of(nightly)
    let_session_expire(nightly)
    let_token_expire()
    nightly.keycloak.fail_next(status=503)

    with pytest.raises(ExchangeUnavailable):
        call(reference)
    assert call(reference) == 200


def test_keycloak_refuses__the_token_is_forgotten(nightly: Works) -> None:
    """An administrator ended the offline session."""
    reference = reference_of(nightly)
    let_session_expire(nightly)
    let_token_expire()
    nightly.keycloak.logout(REALM, "alice")

    with pytest.raises(SubjectGone, match="Keycloak does not accept"):
        call(reference)
    assert OfflineToken.objects.count() == 0
