"""`manage.py kc_exchange sweep`, of offline tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from kc_exchange.jobs.logins import opened, write
from kc_exchange.models import OfflineToken
from kc_exchange.models.uuid7 import uuid7
from tests.jobs.test_offline import (
    before_a_row_is_written,
    is_revoked,
    nightly,
    reference_of,
)
from tests.jobs.works import Works, call

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["nightly"]

MANY = 5
ATTEMPTS = 2
"""How often Keycloak is asked to revoke one token, where it answers 503."""


def multiply(works: Works) -> None:
    """Let alice have as many offline tokens as if she had logged in often."""
    reference_of(works)
    copy(OfflineToken.objects.get(), MANY - 1)


def copy(row: OfflineToken, times: int) -> None:
    """Insert rows as this one, of other logins."""
    login = opened(row)
    assert login is not None
    for number in range(times):
        row.pk, row.login_digest = uuid7(), None
        write(row, replace(login, refresh_token=f"token-{number}"))
        row.save(force_insert=True)


def use_another_key(settings: Any) -> None:
    """Run as a cron job that was not given the site's key."""
    settings.SECRET_KEY = "another-key-0123456789abcdefghijklmnopqrstuvwxyz"


def deactivate(works: Works) -> None:
    works.user.is_active = False
    works.user.save()


def change_password_elsewhere(works: Works) -> None:
    """Save a hash, as another project on this database does."""
    type(works.user).objects.update(password="!another")
    works.user.refresh_from_db()
    works.user.save()


@pytest.mark.parametrize("goes", [deactivate, change_password_elsewhere])
def test_user_goes__while_keycloak_hangs(
    nightly: Works, goes: Callable[[Works], None]
) -> None:
    """Their request waits for one of their tokens, and a sweep revokes the others."""
    multiply(nightly)
    nightly.keycloak.fail_next(status=503, times=MANY * ATTEMPTS, endpoint="revoke")
    nightly.keycloak.reset_counters()

    goes(nightly)

    assert OfflineToken.objects.count() == 0
    assert nightly.keycloak.requests("revoke") == ATTEMPTS
    assert OfflineToken.ended.count() == MANY


def test_sweep__while_keycloak_hangs(nightly: Works, capsys: Any) -> None:
    """It asks once; what is found too old in it does not ask again."""
    multiply(nightly)
    past = timezone.now() - timedelta(seconds=1)
    waits = OfflineToken.objects.order_by("pk").values_list("pk", flat=True)[:2]
    OfflineToken.objects.filter(pk__in=list(waits)).update(ended_at=past)
    OfflineToken.objects.update(expires_at=past)
    nightly.keycloak.fail_next(status=503, times=ATTEMPTS, endpoint="revoke")
    nightly.keycloak.reset_counters()

    call_command("kc_exchange", "sweep")

    said = capsys.readouterr().out
    assert f"Gave {MANY - 2} offline tokens back" in said
    assert f"{MANY} tokens wait for their revocation" in said
    assert nightly.keycloak.requests("revoke") == ATTEMPTS
    call_command("kc_exchange", "sweep")
    assert OfflineToken.ended.count() == 0


@pytest.mark.parametrize("has_ended", [True, False])
def test_sweep__under_another_key(
    nightly: Works, settings: Any, capsys: Any, has_ended: bool
) -> None:
    """It leaves what it cannot open, and names the setting."""
    reference, token = reference_of(nightly), nightly.secrets()[1]
    if has_ended:
        OfflineToken.objects.update(ended_at=timezone.now())
    right = settings.SECRET_KEY
    use_another_key(settings)

    call_command("kc_exchange", "sweep")

    said = capsys.readouterr().out
    assert "1 offline tokens do not open" in said
    assert "SECRET_KEY_FALLBACKS" in said
    assert "Gave" not in said
    settings.SECRET_KEY = right
    call_command("kc_exchange", "sweep")
    assert "open" not in capsys.readouterr().out
    assert is_revoked(nightly, token) is has_ended
    if not has_ended:
        assert call(reference) == 200


def test_sweep__under_another_key_and_too_late(
    nightly: Works, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """What no job may use any more is not kept for ever."""
    reference_of(nightly)
    use_another_key(settings)
    OfflineToken.objects.update(expires_at=timezone.now())

    call_command("kc_exchange", "sweep")

    assert OfflineToken.objects.count() == OfflineToken.ended.count() == 0
    assert "goes without being revoked" in caplog.text


def test_sweep__counts_what_it_gave_back(nightly: Works, capsys: Any) -> None:
    """A login that is kept meanwhile takes nothing off."""
    reference_of(nightly)
    row = OfflineToken.objects.get()
    OfflineToken.objects.update(expires_at=timezone.now())

    with before_a_row_is_written(lambda: copy(row, 2)):
        call_command("kc_exchange", "sweep")

    assert "Gave 1 offline tokens back" in capsys.readouterr().out
    assert OfflineToken.objects.count() == 2
