"""Beyond one realm: the other brand, what both share, and people from elsewhere."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

from django.conf import settings

from exampleproject.demo import app
from exampleproject.demo.expectations import expect
from exampleproject.demo.visitor import Visitor, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exampleproject.demo.stack import Stack

    Told = list[tuple[str, Mapping[str, Any] | None]]

_OK, _BAD_REQUEST = 200, 400
_HEALTHY = 0
_DOUBTS = {
    "lifespan_short": "the demo's tokens live for seconds, to be refreshed",
    "cve_2026_17526_possible": "nobody may ask Keycloak for its release",
}
"""What the doctor would look at, and why it is so in a demo."""


class Beyond:
    """What a customer of each brand, and one of a parcel service, gets."""

    def __init__(self, stack: Stack, password: str, noras: str) -> None:
        self.stack = stack
        self._password = password
        self._noras = noras
        self._shared: dict[str, Any] = {}

    def grant(self) -> Told:
        """See that a service of another realm got a token of that realm."""
        with closing(Visitor(self.stack.shop)) as alice:
            alice.log_in("alice", self._password)
            self._shared = alice.ask("trends/")["seen"]
            cards = {card["name"]: card for card in alice.ask("behind/")["calls"]}
        _expect_shared(self._shared)
        legacy = cards["analytics-legacy"]
        expect(
            "seen" in legacy,
            f"The legacy exchange gave no token: {legacy.get('refusal')}",
            "Keycloak needs --features=token-exchange,admin-fine-grained-authz:v1.",
        )
        _expect_shared(legacy["seen"])
        expect(
            legacy["seen"]["sub"] == self._shared["sub"],
            "The two ways lead to two users.",
            "Let the identity provider `shop` of the shared realm link alice once.",
        )
        return [
            ("analytics-api got a token of its own realm (jwt-grant)", self._shared),
            ("and by the legacy exchange (cross-realm)", legacy["seen"]),
        ]

    def brand(self) -> Told:
        """See that the other brand's customer is served by her own realm."""
        with closing(Visitor(self.stack.studio)) as nora:
            reply = nora.log_in("nora", self._noras)
            if reply.status_code != _OK or not reply.url.startswith(self.stack.studio):
                raise refused("the login at the other brand", reply)
            found = nora.ask("orders/")
            shared = nora.ask("trends/")["seen"]
            cookie = nora.cookie(settings.SESSION_COOKIE_NAME)
        seen = found["seen"]
        expect(
            seen["azp"] == "studio" and seen["aud"] == ["orders-api"],
            f"orders-api saw aud={seen['aud']} azp={seen['azp']}.",
            "REALM_OF_REQUEST has to go by the host.",
        )
        _expect_shared(shared)
        expect(
            shared["sub"] != self._shared["sub"], "Two people are one.", "Report it."
        )
        self._expect_astray(cookie)
        return [
            ("nora, of the other brand, has a token of her own realm", seen),
            ("and analytics-api knows her, too", shared),
            ("at the first brand's address her session is nobody's", None),
        ]

    def parcel(self) -> Told:
        """See that a parcel service's token becomes Keycloak's, if it is ours."""
        ours = app.parcel_token(self.stack, "kiln-app")
        reply = app.exchange_parcel(self.stack, ours)
        expect(
            reply.status_code == _OK,
            f"api/token/ answered {reply.status_code}: {reply.text[:200]}",
            "Keycloak needs --features=token-exchange,admin-fine-grained-authz:v1, and "
            "reaches the provider's keys.",
        )
        token = reply.json()["access_token"]
        with closing(Visitor(self.stack.shop)) as phone:
            found = phone.ask("api/orders/", Authorization=f"Bearer {token}")
        expect(
            found["customer"] == "gina" and found["orders"] == [],
            f"The app is {found['customer']}'s.",
            "Compare the users that the realm shop has.",
        )
        theirs = app.exchange_parcel(
            self.stack, app.parcel_token(self.stack, "their-app")
        )
        expect(
            theirs.status_code == _BAD_REQUEST
            and theirs.json()["error"] == "invalid_grant",
            f"Another app's token was answered {theirs.status_code}.",
            "Report this: AUDIENCES of the provider names kiln-app alone.",
        )
        return [
            ("gina's token of a parcel service became one of Keycloak's", None),
            ("orders-api answered to her app's call", found["seen"]["orders-api"]),
            ("the token of another app was refused: 400 invalid_grant", None),
        ]

    def doctor(self) -> Told:
        """Let the doctor go the way of alice's token to every downstream."""
        token = app.access_token(self.stack, "alice", self._password)
        arguments = ("kc_exchange", "doctor", "--json", "--user-token-stdin")
        done = self.stack.manage(*arguments, told=token)
        expect(
            done.returncode == _HEALTHY,
            f"The doctor found what this check did not: {done.stderr or done.stdout}",
            "manage.py kc_exchange doctor",
        )
        report = json.loads(done.stdout)
        doubts = {f["code"] for f in report["findings"] if f["state"] == "warning"}
        expect(
            doubts <= _DOUBTS.keys(),
            f"The doctor has doubts: {', '.join(sorted(doubts))}.",
            "manage.py kc_exchange doctor",
        )
        held = report["counts"]["ok"]
        return [
            (f"{held} things are as they should be, and nothing is wrong", None),
            *((f"to look at: {_DOUBTS[code]}", None) for code in sorted(doubts)),
        ]

    def _expect_astray(self, cookie: str) -> None:
        with closing(Visitor(self.stack.shop)) as astray:
            astray.take_cookie(settings.SESSION_COOKIE_NAME, cookie)
            reply = astray.open("orders/")
        expect(
            reply.url.startswith(self.stack.issuer),
            "A session of one brand opens a page of the other one.",
            "Report this.",
        )


def _expect_shared(seen: Mapping[str, Any]) -> None:
    held = seen["aud"] == ["analytics-api"] and seen["azp"] == "kiln-gateway"
    expect(
        held and "analytics:read" in seen["scope"],
        f"analytics-api saw aud={seen['aud']} azp={seen['azp']}.",
        "manage.py kc_exchange doctor --audience analytics-api",
    )


def steps(beyond: Beyond) -> list[tuple[str, Callable[[], Told]]]:
    """Return the steps in the order in which they are walked."""
    return [
        ("another realm", beyond.grant),
        ("another brand", beyond.brand),
        ("from elsewhere", beyond.parcel),
        ("doctor", beyond.doctor),
    ]
