"""One user's token in exchange for another's: legacy exchange, requested_subject."""

from tests.keycloak.impersonations import (
    Impersonated,
    acting_as,
    forbidden,
    impersonate_form,
    impersonation,
)
from tests.keycloak.servers import USER_IDS
from tests.keycloak.steps import Login

NOT_FOUND = forbidden("requested_subject not found")
NOT_ALLOWED = forbidden("subject not allowed to impersonate")

TARGETS = (
    impersonation(
        "by the user's id",
        impersonate_form(),
        acting_as(
            "alice",
            preferred_username="alice",
            scope={"openid", "profile", "email", "shipping"},
            event={"impersonator": "olga", "requested_subject": USER_IDS["alice"]},
        ),
    ),
    *(
        impersonation(
            f"by {what}", impersonate_form(requested_subject=name), acting_as("alice")
        )
        for what, name in (("username", "alice"), ("username in capitals", "ALICE"))
    ),
    *(
        impersonation(f"of {what}", impersonate_form(requested_subject=name), NOT_FOUND)
        for what, name in (
            ("an e-mail address", "alice@conformance.example"),
            ("nobody", "nobody"),
            ("an empty name", ""),
            ("an unknown id", "00000000-0000-0000-0000-000000000000"),
            ("a disabled user", USER_IDS["ned"]),
        )
    ),
    impersonation(
        "of a user who must act first",
        impersonate_form(requested_subject=USER_IDS["uma"]),
        acting_as("uma"),
    ),
    impersonation(
        "of oneself",
        impersonate_form(requested_subject=USER_IDS["olga"]),
        acting_as("olga", "shipping-api", "account", "realm-management"),
    ),
)

RIGHTS = (
    *(
        impersonation(
            f"{operator} may not act as {target}",
            impersonate_form(
                Login(user=operator, client=client), requested_subject=USER_IDS[target]
            ),
            NOT_ALLOWED,
        )
        for operator, client, target in (
            ("alice", "frontend", "bob"),
            ("vera", "frontend", "alice"),
            ("olga", "frontend", "ada"),
            ("olga", "frontend", "vera"),
            ("olga", "frontend", "quinn"),
            # The client that logs her in keeps her role from her token.
            ("olga", "frontend-narrow", "bob"),
        )
    ),
    *(
        impersonation(
            f"{operator} may act as {target}",
            impersonate_form(Login(user=operator), requested_subject=USER_IDS[target]),
            acting_as(target, *aud),
        )
        for operator, target, aud in (
            ("ada", "alice", ()),
            ("ada", "olga", ("shipping-api", "account", "realm-management")),
            ("otto", "olga", ("shipping-api", "account", "realm-management")),
            ("otto", "vera", ("shipping-api", "account", "realm-management")),
            ("otto", "quinn", ("shipping-api", "account", "realm-management")),
            ("olga", "sam", ("shipping-api", "account", "orders-api")),
        )
    ),
    impersonation("by a target", impersonate_form(Impersonated()), NOT_ALLOWED),
)

ROWS = (*TARGETS, *RIGHTS)
