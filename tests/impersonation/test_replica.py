"""A database that is read from a replica, which is always a little behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.models import GrantToken, ImpersonationGrant

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


class ReadElsewhere:
    """Send reads to a database that is not there: whoever goes there fails."""

    def db_for_read(self, model: Any, **_hints: Any) -> str | None:
        """Name the replica for what decides."""
        mine = model in {ImpersonationGrant, GrantToken}
        return "replica" if mine else None

    def db_for_write(self, model: Any, **_hints: Any) -> str:
        """Name the one that is there."""
        del model
        return "default"


def test_grant__is_read_where_it_is_written(desk: Desk, settings: Any):
    settings.DATABASE_ROUTERS = [ReadElsewhere()]
    grant = desk.start()
    assert desk.who() == "alice"
    assert desk.stop().status_code == 200
    assert desk.who() == "sam"
    assert list(ImpersonationGrant.objects.values_list("pk")) == [(grant.pk,)]
    assert not GrantToken.objects.filter(grant_id=grant.pk).exists()
