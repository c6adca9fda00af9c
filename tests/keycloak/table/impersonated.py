"""What a target's token is good for, and for how long: hop two, and the end."""

from typing import Any

from tests.keycloak.clients import Basic
from tests.keycloak.impersonations import OLGA, Beginning, Impersonated, Onward
from tests.keycloak.rows import Expect, Row, exchange_form, issued, refused
from tests.keycloak.servers import USER_IDS
from tests.keycloak.steps import Bearer, Login

ALICE = USER_IDS["alice"]
INVALID = refused(400, "invalid_request", "Invalid token")
INACTIVE = Expect(body={"active": False}, keys=frozenset({"active"}))
ACT = {"sub": "olga"}
DONE = Expect(keys=frozenset())
OFFLINE = Login(user="olga", client="django-app", scope="openid offline_access")


def later(name: str, **row: Any) -> Row:
    """A row for servers with legacy exchange."""
    return Row(name=f"impersonated: {name}", only="legacy permissions", **row)


def introspect(name: str, token: Any, expect: Expect) -> Row:
    """A row that asks what a token is worth to the service it is for."""
    return later(
        f"introspection {name}",
        path="token/introspect",
        form=(("token", token),),
        client=Basic("orders-api"),
        expect=expect,
    )


def active(*aud: str) -> Expect:
    """An active token of Alice's, of which Keycloak knows who acts."""
    members = {"active": True, "sub": ALICE, "act": ACT}
    return Expect(body={**members, "aud": aud[0] if len(aud) == 1 else set(aud)})


def revoke(name: str, token: Any, expect: Expect) -> Row:
    """A row that takes a token back."""
    return later(
        f"revocation {name}", path="revoke", form=(("token", token),), expect=expect
    )


ROWS = (
    later(
        "exchanged for a service",
        form=exchange_form(Impersonated()),
        expect=issued("orders-api", sub=ALICE, jti=Beginning("onrtte:")),
    ),
    later(
        "exchanged by another requester",
        form=exchange_form(Impersonated()),
        client=Basic("refresh-app"),
        expect=refused(403, "access_denied", "Client is not within the token audience"),
    ),
    *(
        later(
            f"exchanged after it was {' and '.join(ends)}",
            form=exchange_form(Impersonated(target="dora", then=ends)),
            expect=INVALID,
        )
        for ends in (
            ("revoked",),
            ("logged out",),
            ("disabled",),
            ("revoked", "logged out"),
        )
    ),
    # There is no offline session behind it.
    later(
        "exchanged with an offline scope",
        form=exchange_form(Impersonated(operator=OFFLINE, scope="")),
        expect=INVALID,
    ),
    later(
        "exchanged, the operator's offline scope left out",
        form=exchange_form(Impersonated(operator=OFFLINE)),
        expect=issued("orders-api", sub=ALICE),
    ),
    introspect(
        "before the end",
        Onward(Impersonated()),
        active("orders-api", "shipping-api", "account"),
    ),
    # Revocation leaves the session, and with it what was exchanged before.
    introspect(
        "after the first was revoked",
        Onward(Impersonated(then=("revoked",))),
        active("orders-api"),
    ),
    introspect(
        "after the session ended", Onward(Impersonated(then=("logged out",))), INACTIVE
    ),
    introspect(
        "after both",
        Onward(Impersonated(then=("revoked", "logged out"))),
        INACTIVE,
    ),
    later(
        "introspection of a session that nobody impersonates",
        path="token/introspect",
        form=(("token", OLGA),),
        expect=Expect(body={"active": True, "act": None}),
    ),
    later(
        "userinfo",
        path="userinfo",
        form=(),
        headers=(("Authorization", Bearer(Impersonated())),),
        expect=Expect(body={"sub": ALICE, "preferred_username": "alice"}),
    ),
    revoke("of the first", Impersonated(), DONE),
    revoke("twice", Impersonated(then=("revoked",)), DONE),
    revoke(
        "after the session ended",
        Impersonated(then=("logged out",)),
        refused(200, "invalid_token", "Invalid token"),
    ),
    revoke("of what was exchanged", Onward(Impersonated()), DONE),
    revoke(
        "of what was exchanged, after the first",
        Onward(Impersonated(then=("revoked",))),
        DONE,
    ),
)
