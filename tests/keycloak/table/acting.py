"""What admin permissions allow: to act as somebody; and how policies are counted."""

from typing import Any

from tests.keycloak.brokering import FAILED, external_form
from tests.keycloak.clients import Basic
from tests.keycloak.external import Spelled
from tests.keycloak.impersonations import Beginning, forbidden
from tests.keycloak.realms import BROKER, STRICT, id_of
from tests.keycloak.rows import Expect, Row, exchange_form, issued
from tests.keycloak.steps import Login
from tests.keycloak.table.permitted import permitted

NO_CLIENT = forbidden("client not allowed to impersonate")
NO_SUBJECT = forbidden("subject not allowed to impersonate")
NO_PROVIDER = forbidden("client not allowed to exchange subject_issuer")


def acting_form(target: str, realm: str = BROKER, subject: Any = None) -> Any:
    """A request to act as somebody, with nobody's token unless there is one."""
    without = ["audience", "scope", "subject_token_type"]
    if subject is None:
        without.append("subject_token")
    return exchange_form(
        subject or "", without=without, requested_subject=id_of(realm, target)
    )


def acting(
    user: str, client: str, *aud: str, realm: str = BROKER, **more: Any
) -> Expect:
    """That user's token for the client, in a session of its own."""
    wanted = {
        "sub": id_of(realm, user),
        "azp": client,
        "kept": (),
        "jti": Beginning("onrtna:"),
        **more,
    }
    return issued(*aud, **wanted)


CARETAKER = Basic("caretaker")
IDENTIFIED: dict[str, Any] = {"more_keys": ("id_token",)}

NAKED = (
    *(
        permitted(
            f"a client alone acts as {user}", acting_form(user), expect, CARETAKER
        )
        for user, expect in (
            ("gus", acting("gus", "caretaker", "orders-api", "account")),
            ("uma", acting("uma", "caretaker", "orders-api", "account")),
            # Administrators are not spared.
            (
                "ada",
                acting("ada", "caretaker", "orders-api", "account", "realm-management"),
            ),
            ("dana", forbidden("requested_subject not found")),
        )
    ),
    permitted("a client alone without permission", acting_form("gus"), NO_CLIENT),
    # The permission is the token's client's, so any user of it may use it.
    *(
        permitted(
            f"a user without the role, {what}",
            acting_form(target, subject=Login(user="nora", client=client)),
            expect,
            CARETAKER,
        )
        for what, target, client, expect in (
            (
                "by a token of the permitted client",
                "gus",
                "caretaker",
                acting("gus", "caretaker", "orders-api", "account", **IDENTIFIED),
            ),
            ("by a token of another client", "gus", "frontend", NO_SUBJECT),
            ("acting as an administrator", "ada", "caretaker", NO_SUBJECT),
        )
    ),
)


def strict(name: str, form: Any, expect: Expect, client: str = "gateway") -> Row:
    """A row for the realm whose permissions have several policies."""
    return permitted(f"strict: {name}", form, expect, Basic(client), realm=STRICT)


def newcomer(provider: str, client: str) -> Expect:
    """A token of the one who comes from that provider."""
    return issued("account", azp=client, kept=(), preferred_username=f"new-{provider}")


STRATEGIES = (
    *(
        strict(
            f"{what}, asked by {client}",
            external_form(f"opaque-new-{alias}", subject_issuer=alias),
            newcomer(alias, client) if allowed else NO_PROVIDER,
            client,
        )
        for what, alias, client, allowed in (
            ("unanimous", "first", "gateway", False),
            ("affirmative", "second", "gateway", True),
            ("affirmative", "second", "other", True),
            ("negative", "third", "gateway", False),
            ("negative", "third", "other", True),
            ("consensus", "fourth", "gateway", False),
        )
    ),
    # A disabled provider that is met before the one that is meant.
    *(
        strict(f"subject_issuer {what}", external_form(subject_issuer=name), FAILED)
        for what, name in (
            ("disabled", "off"),
            ("unknown", "nowhere"),
            ("after a disabled one", Spelled("{provider}/second")),
        )
    ),
    strict(
        "subject_issuer before a disabled one",
        external_form(subject_issuer=Spelled("{provider}/first")),
        NO_PROVIDER,
    ),
    *(
        strict(
            f"{who} acts as {target}",
            acting_form(target, STRICT, token),
            acting(target, client, "account", realm=STRICT, **more)
            if refusal is None
            else refusal,
            client,
        )
        for who, target, token, client, more, refusal in (
            ("a client alone", "rosa", None, "gateway", {}, None),
            ("a client alone", "ruth", None, "gateway", {}, NO_CLIENT),
            ("another client alone", "rosa", None, "other", {}, NO_CLIENT),
            *(
                (user, target, Login(user=user, client=at), "other", IDENTIFIED, no)
                for user, at, target, no in (
                    ("olga", "other", "rosa", None),
                    ("olga", "other", "ruth", NO_SUBJECT),
                    ("hugo", "other", "rosa", None),
                    ("ruth", "desk", "rosa", NO_SUBJECT),
                )
            ),
        )
    ),
)

ROWS = (*NAKED, *STRATEGIES)
