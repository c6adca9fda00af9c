"""Tokens of another realm of the same server, taken as those of a provider."""

from typing import Any

from tests.keycloak.brokering import (
    EXISTS,
    FAILED,
    INVALID,
    NO_JSON,
    UNCALLED,
    external_form,
    taken,
)
from tests.keycloak.external import At, Spelled
from tests.keycloak.impersonations import Beginning
from tests.keycloak.rows import Expect, Row
from tests.keycloak.servers import ACCESS_TOKEN, ID_TOKEN, JWT, REFRESH_TOKEN, SAML2
from tests.keycloak.states import Forged, LoggedOut, Revoked, ShutOut
from tests.keycloak.steps import ExchangedFor, Login, Service
from tests.keycloak.table.external import external

PETRA = Login(user="petra", client="portal")
KIOSK = Login(user="petra", client="kiosk")
LIGHT = Login(user="petra", client="kiosk-light")
ID = Login(user="petra", client="portal", part="id_token")
REFRESH = Login(user="petra", client="portal", part="refresh_token")
REVOKED = Revoked(PETRA, client="portal")
NARROWED = ExchangedFor(
    Spelled("{server}/realms/conformance-broker"), PETRA, client="portal"
)
BY_USER_INFO = taken("petra", event={"validation_method": "user info"})
BY_SIGNATURE = taken("petra", event={"validation_method": "signature"})


def partner(
    name: str,
    token: Any,
    expect: Expect,
    kind: str = ACCESS_TOKEN,
    issuer: str = "partner",
) -> Row:
    """A row about a token of the partner's realm."""
    form = external_form(At(token), subject_issuer=issuer, subject_token_type=kind)
    return external(f"another realm: {name}", form, expect)


def by_itself(name: str, token: Any, expect: Expect) -> Row:
    """A row about one that says itself which realm issued it."""
    form = external_form(At(token), subject_token_type=JWT, without=("subject_issuer",))
    return external(f"another realm: {name}", form, expect)


ASKED = (
    partner("an access token", PETRA, BY_USER_INFO),
    partner("an access token of any client", KIOSK, BY_USER_INFO),
    partner("an access token for this realm alone", NARROWED, BY_USER_INFO),
    *(
        partner(f"an access token {what}", token, UNCALLED)
        for what, token in (
            ("without openid", Login(user="petra", client="portal", scope="")),
            ("that is lightweight", LIGHT),
            ("that was revoked", REVOKED),
            ("of an ended session", LoggedOut(PETRA)),
            ("of a disabled user", ShutOut(PETRA, user="petra")),
            ("forged", Forged(PETRA)),
        )
    ),
    partner("a refresh token as an access token", REFRESH, UNCALLED),
    partner(
        "a service account becomes a user",
        Service("portal", scope="openid"),
        taken("", preferred_username="service-account-portal"),
    ),
)

SIGNED = (
    # The other realm is not asked, so nothing that happened since is known.
    *(
        partner(f"an ID token {what}", token, BY_SIGNATURE, ID_TOKEN)
        for what, token in (
            ("of the user", ID),
            ("of any client", Login(user="petra", client="kiosk", part="id_token")),
            ("of an ended session", LoggedOut(PETRA, part="id_token")),
            ("of a disabled user", ShutOut(ID, user="petra")),
        )
    ),
    partner("an access token as an ID token", PETRA, BY_SIGNATURE, ID_TOKEN),
    partner("a revoked access token as an ID token", REVOKED, BY_SIGNATURE, ID_TOKEN),
    partner("a refresh token as an ID token", REFRESH, INVALID, ID_TOKEN),
    by_itself("an access token as a JWT", PETRA, BY_SIGNATURE),
    by_itself("a lightweight access token as a JWT", LIGHT, FAILED),
    partner(
        "an ID token makes a user as well",
        Login(user="paul", client="portal", part="id_token"),
        taken("", preferred_username="paul", given_name="Paul"),
        ID_TOKEN,
    ),
)

KEYCLOAK = (
    *(
        partner(
            f"a Keycloak provider takes an access token as {kind.rpartition(':')[2]}",
            PETRA,
            BY_SIGNATURE,
            kind,
            "partner-keycloak",
        )
        for kind in (ACCESS_TOKEN, JWT, ID_TOKEN, REFRESH_TOKEN, SAML2, "nonsense")
    ),
    *(
        partner(f"a Keycloak provider: {what}", token, expect, kind, "partner-keycloak")
        for what, token, expect, kind in (
            ("an ID token", ID, BY_SIGNATURE, ID_TOKEN),
            ("a revoked access token", REVOKED, FAILED, ACCESS_TOKEN),
            ("a revoked access token as an ID token", REVOKED, BY_SIGNATURE, ID_TOKEN),
            ("an ended session", LoggedOut(PETRA), FAILED, ACCESS_TOKEN),
            ("a lightweight access token", LIGHT, FAILED, ACCESS_TOKEN),
            ("a refresh token", REFRESH, INVALID, ACCESS_TOKEN),
            ("a forged one", Forged(PETRA), INVALID, ACCESS_TOKEN),
            ("an exchanged one", NARROWED, BY_SIGNATURE, ACCESS_TOKEN),
            (
                "a user who came through another provider",
                Login(user="pia", client="portal"),
                taken("", preferred_username=Beginning("pia")),
                ACCESS_TOKEN,
            ),
        )
    ),
    external(
        "another realm: a Keycloak provider: no token",
        external_form("opaque-gus", subject_issuer="partner-keycloak"),
        NO_JSON,
    ),
)

STRANGERS = (
    external(
        "another realm: a token of this realm",
        external_form(Login(user="nora", client="frontend"), subject_issuer="partner"),
        UNCALLED,
    ),
    external(
        "another realm: named as this realm itself, its own token",
        external_form(
            Login(user="nora", client="frontend"),
            subject_issuer=Spelled("{server}/realms/conformance-broker"),
        ),
        taken("nora", more_keys=("id_token",)),
    ),
    partner(
        "a user of the same name",
        Login(user="gus", client="portal"),
        EXISTS,
    ),
)

ROWS = (*ASKED, *SIGNED, *KEYCLOAK, *STRANGERS)
