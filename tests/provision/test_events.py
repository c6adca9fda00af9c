"""Events that provision switches on are not kept for ever."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provision.plans import body, has, one, wants

MONTH = 2592000
ON: dict[str, Any] = {"eventsEnabled": True, "adminEventsEnabled": True}


@pytest.mark.parametrize("before", [None, 0])
def test_events__that_are_switched_on_end(before: int | None) -> None:
    """Keycloak's tables would grow as long as the realm lives."""
    there = {"eventsEnabled": False, "eventsExpiration": before, "attributes": {"x": 1}}

    change = one(wants(**ON), has(**there))

    assert body(change) == {
        **ON,
        "eventsExpiration": MONTH,
        "attributes": {"x": 1, "adminEventsExpiration": str(MONTH)},
    }


def test_events__end_when_somebody_said() -> None:
    there = {
        "eventsExpiration": 60,
        "attributes": {"adminEventsExpiration": "60"},
    }

    assert body(one(wants(**ON), has(**there))) == ON


def test_events__end_when_a_realm_file_says() -> None:
    """For ever is an answer, too."""
    wanted = wants(**ON, eventsExpiration=0, attributes={"adminEventsExpiration": "0"})
    there = {"eventsExpiration": 0, "attributes": {"adminEventsExpiration": "0"}}

    assert body(one(wanted, has(**there))) == ON


def test_events__that_were_on_stay_as_they_are() -> None:
    """Somebody may want them for ever."""
    wanted = wants(**ON, displayName="Acme")

    assert body(one(wanted, has(**ON))) == {"displayName": "Acme"}
