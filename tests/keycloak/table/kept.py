"""Tokens of a provider that an account or a session keeps, and when they expire."""

import pytest

from tests.keycloak.brokering import Brokered, Later
from tests.keycloak.clients import Public
from tests.keycloak.rows import Expect
from tests.keycloak.servers import ACCESS_TOKEN, ID_TOKEN, BrokerLogin
from tests.keycloak.table.linked import (
    HELD,
    LINK,
    NOT_HERE,
    NOT_LINKED,
    UNSUPPORTED,
    given,
    linked,
    linking,
)

SHORT, LONG = 3, 600
"""Seconds that a provider's token is too short to be passed on, and long enough."""
NEARLY = pytest.approx(LONG, abs=3)
EXPIRED = linking(
    "token_expired", "linked token is expired", "requested_issuer token expired"
)


def login(alias: str, expires_in: int | None = None, refresh: str = "") -> Brokered:
    """A login through that provider, which says this of its tokens."""
    return Brokered(BrokerLogin(alias, expires_in=expires_in, refresh=refresh))


STORED = (
    *(
        linked(f"stored, {what}", login("stub-stored", *said), expect)
        for what, said, expect in (
            ("of unknown end", (), given("opaque-gus", 0, LINK, "token_type")),
            (
                "good for long",
                (LONG,),
                given("opaque-gus", NEARLY, LINK, "token_type"),
            ),
            ("expired", (SHORT,), EXPIRED),
            (
                "expired and renewed",
                (SHORT, "renewable-gus"),
                given("renewed-gus", NEARLY, LINK, "token_type"),
            ),
            (
                "expired and renewed without an end",
                (SHORT, "endless-gus"),
                given("renewed-gus", 0, LINK, "token_type"),
            ),
            ("expired and not to be renewed", (SHORT, "spent-gus"), EXPIRED),
        )
    ),
    linked(
        "stored, asked for in another session",
        Later(login("stub-stored", SHORT, "renewable-gus"), renew="stub-stored"),
        given("renewed-gus", NEARLY, LINK, "token_type"),
    ),
    linked(
        "stored, gone after it was not to be renewed",
        Later(login("stub-stored", SHORT, "spent-gus"), renew="stub-stored"),
        NOT_LINKED,
    ),
    linked(
        "stored, asked for by a public client",
        Later(login("stub-stored"), client="gateway-public"),
        given("opaque-gus", 0, LINK, "token_type"),
        client=Public("gateway-public"),
    ),
    linked("stored, of GitHub", login("github"), given("gho_gus", 0, LINK), "github"),
)

SESSION = (
    *(
        linked(f"of the session, {what}", login("stub", *said), expect, "stub")
        for what, said, expect in (
            ("of unknown end", (), given("opaque-gus", 0, LINK)),
            ("good for long", (LONG,), given("opaque-gus", NEARLY, LINK)),
            ("expired", (SHORT,), EXPIRED),
            (
                "expired and renewed",
                (SHORT, "renewable-gus"),
                given("renewed-gus", NEARLY, LINK, "token_type"),
            ),
            ("expired and not to be renewed", (SHORT, "spent-gus"), EXPIRED),
        )
    ),
    linked("of a session of another provider", login("stub"), NOT_HERE, "stub-plain"),
    linked(
        "of the session, as an ID token",
        login("stub"),
        UNSUPPORTED,
        "stub",
        requested_token_type=ID_TOKEN,
    ),
    linked(
        "of the session, another realm's",
        Brokered(BrokerLogin("partner", person="petra")),
        Expect(
            body={
                "expires_in": pytest.approx(300, abs=3),
                "issued_token_type": ACCESS_TOKEN,
            },
            keys=HELD | {LINK},
        ),
        "partner",
    ),
)

ROWS = (*STORED, *SESSION)
