"""What legacy exchange makes of requests that the standard one does not take.

Switched on, it changes the answers to a client's mistakes: the reply is another
refusal, a refresh token, or a failure of the server.
"""

from typing import Any

from tests.keycloak.clients import Basic, Public
from tests.keycloak.impersonations import Beginning
from tests.keycloak.rows import Expect, Row, exchange_form, issued, refused
from tests.keycloak.servers import (
    ID_TOKEN,
    JWT,
    REFRESH_TOKEN,
    SAML2,
    USER_IDS,
)
from tests.keycloak.steps import Login, Service

FORBIDDEN = refused(403, "access_denied", "Client not allowed to exchange")
WRONG_TYPE = refused(400, "invalid_request", "Invalid token type, must be access token")
FAILED = refused(500, "unknown_error")
NO_AUDIENCE = ("audience", "scope")


def legacy(name: str, form: Any, expect: Expect, client: Any = None) -> Row:
    """A row for servers with legacy exchange."""
    requester = client or Basic("django-app")
    return Row(
        name=f"legacy: {name}",
        form=form,
        expect=expect,
        client=requester,
        only="legacy permissions",
    )


def own(*aud: str, **changes: Any) -> Expect:
    """The user's own token, issued to the requester, with all its audiences."""
    wanted: dict[str, Any] = {
        "more_keys": ("id_token",),
        "jti": Beginning("onrtna:"),
        "sub": USER_IDS["alice"],
        **changes,
    }
    return issued(*aud, **wanted)


ROWS = (
    *(
        legacy(f"no {' and no '.join(names)}", exchange_form(without=names), expect)
        for names, expect in (
            (("subject_token",), FORBIDDEN),
            (("subject_token_type",), FORBIDDEN),
            (("subject_token", "subject_token_type"), FORBIDDEN),
            (("subject_token", "audience"), FAILED),
            (
                ("subject_token_type", *NO_AUDIENCE),
                own("shipping-api", "account"),
            ),
        )
    ),
    *(
        legacy(
            f"subject_token_type {kind.rpartition(':')[2]}",
            exchange_form(Login(part=part), subject_token_type=kind),
            WRONG_TYPE,
        )
        for kind, part in (
            (ID_TOKEN, "id_token"),
            (REFRESH_TOKEN, "refresh_token"),
            (JWT, "access_token"),
            ("access_token", "access_token"),
        )
    ),
    legacy(
        "subject_token_type jwt, and not a token",
        exchange_form("nonsense", subject_token_type=JWT),
        WRONG_TYPE,
    ),
    legacy(
        "requested_issuer",
        exchange_form(requested_issuer="alice"),
        refused(400, "invalid_request", "Invalid issuer"),
    ),
    legacy(
        "requested_issuer without a token",
        exchange_form(requested_issuer="alice", without=("subject_token",)),
        refused(400, "invalid_request", "Invalid issuer"),
    ),
    legacy(
        "subject_issuer",
        exchange_form(subject_issuer="alice"),
        refused(400, "invalid_issuer", "Invalid subject_issuer parameter"),
    ),
    legacy(
        "a client without the switch, for a service",
        exchange_form(),
        FORBIDDEN,
        Basic("plain-app"),
    ),
    legacy(
        "a client without the switch, for itself",
        exchange_form(without=NO_AUDIENCE),
        own("account", azp="plain-app"),
        Basic("plain-app"),
    ),
    legacy(
        "a client without the switch, and no requested_token_type",
        exchange_form(without=(*NO_AUDIENCE, "requested_token_type")),
        own(
            "account",
            azp="plain-app",
            more_keys=("id_token", "refresh_token"),
            body={"issued_token_type": REFRESH_TOKEN},
        ),
        Basic("plain-app"),
    ),
    legacy(
        "a client without the switch, the token no token",
        exchange_form("nonsense"),
        refused(400, "invalid_request", "Invalid token"),
        Basic("plain-app"),
    ),
    legacy(
        "a client without the switch, a service account",
        exchange_form(Service("frontend"), without=NO_AUDIENCE),
        issued(
            "account",
            azp="plain-app",
            fewer_keys=("session_state",),
            kept=("sub",),
            absent=("sid", "act"),
            jti=Beginning("trrtna:"),
        ),
        Basic("plain-app"),
    ),
    legacy(
        "a client without the switch, unsupported type",
        exchange_form(requested_token_type=JWT),
        refused(400, "invalid_request", "requested_token_type unsupported"),
        Basic("plain-app"),
    ),
    legacy(
        "a client without the switch, saml2",
        exchange_form(requested_token_type=SAML2, without=NO_AUDIENCE),
        refused(400, "invalid_client", "Client requires assertion consumer url set up"),
        Basic("plain-app"),
    ),
    legacy(
        "a public client without the switch",
        exchange_form(without=NO_AUDIENCE),
        refused(403, "access_denied", "Client is not the holder of the token"),
        Public("frontend-public"),
    ),
)
