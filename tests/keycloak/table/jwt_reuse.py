"""Assertions that were used before, and those that another realm issues."""

from tests.keycloak.assertions import Sent, assertion, granted, keeps_out, lets_in
from tests.keycloak.external import At, Spelled
from tests.keycloak.states import Revoked
from tests.keycloak.steps import ExchangedFor, Login

USED = keeps_out("Token reuse detected")
OWN = ExchangedFor(
    Spelled("{server}/realms/conformance-broker"),
    Login(user="petra", client="portal"),
    client="portal",
)

REUSE = (
    granted("used before", Sent(assertion(), assertion()), USED),
    # A refused grant uses the assertion up as well, once its signature was good.
    granted(
        "used before for somebody else",
        Sent(assertion(audience="somebody-else"), assertion()),
        USED,
    ),
    granted(
        "used before with a wrong scope",
        Sent(assertion(), assertion(), scope="nonsense"),
        USED,
    ),
    granted(
        "used before with a wrong signature",
        Sent(assertion(key="stranger"), assertion()),
        lets_in(),
    ),
    # The ids of all providers are counted together.
    granted(
        "its id used before by another provider",
        Sent(assertion(), assertion(path="/grant")),
        USED,
    ),
    granted(
        "used before, and the provider allows it",
        Sent(
            assertion(path="/relaxed", audience="broker"),
            assertion(path="/relaxed", audience="broker"),
        ),
        lets_in(),
    ),
)

REALMS = (
    granted("another realm's token for this one alone", At(OWN), lets_in("petra")),
    granted(
        "another realm's token, revoked since",
        At(Revoked(OWN, client="portal")),
        lets_in("petra"),
    ),
    granted(
        "another realm's login, which is for others, too",
        At(Login(user="petra", client="portal")),
        keeps_out("Multiple audiences not allowed"),
    ),
    *(
        granted(f"another realm's {what}", At(token), keeps_out(said))
        for what, token, said in (
            (
                "login, for others alone",
                Login(user="petra", client="kiosk"),
                "Invalid token audience",
            ),
            (
                "ID token",
                Login(user="petra", client="portal", part="id_token"),
                "Invalid token audience",
            ),
            (
                "refresh token",
                Login(user="petra", client="portal", part="refresh_token"),
                "Invalid signature algorithm",
            ),
        )
    ),
)

ROWS = (*REUSE, *REALMS)
