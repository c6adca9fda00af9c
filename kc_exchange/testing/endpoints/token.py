"""Issue tokens (RFC 6749 section 3.2)."""

from __future__ import annotations

from kc_exchange.testing.client_auth import authenticate
from kc_exchange.testing.context import GrantRequest, RealmServer
from kc_exchange.testing.dpop import check_proof
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.grants import GRANTS, Grant
from kc_exchange.testing.messages import Form, Request, Response, json_response

LONGEST_PARAMETER = 4000
LONGEST_TOKEN = 20000
TOKEN_PARAMETERS = ("subject_token", "actor_token", "assertion")
REPEATABLE = ("audience", "resource")


def token(server: RealmServer, request: Request) -> Response:
    """Answer the token endpoint (RFC 6749 section 3.2).

    Raises:
        OAuthError: the grant, the client or a parameter is not acceptable.
    """
    form = request.form
    grant = _grant(form)
    client = authenticate(server, request, form)
    checked = checked_form(form)
    reply = grant(
        GrantRequest(
            server=server,
            client=client,
            form=checked,
            request=request,
            thumbprint=check_proof(server, request, client),
        )
    )
    return json_response(reply, store=False)


def _grant(form: Form) -> Grant:
    name = form.first("grant_type")
    if name is None:
        raise OAuthError("invalid_request", "Missing form parameter: grant_type")
    if name not in GRANTS:
        raise OAuthError("unsupported_grant_type", "Unsupported grant_type")
    return GRANTS[name]


def checked_form(form: Form) -> Form:
    """Return the parameters Keycloak goes on with.

    A long token is refused, any other long parameter is dropped without a word.

    Raises:
        OAuthError: a parameter is repeated or a token is too long.
    """
    kept: dict[str, list[str]] = {}
    for name in form:
        values = list(form.every(name))
        if len(values) > 1 and name not in REPEATABLE:
            raise OAuthError("invalid_request", "duplicated parameter")
        if _fits(name, values):
            kept[name] = values
    return Form(kept)


def _fits(name: str, values: list[str]) -> bool:
    length = sum(map(len, values))
    if name not in TOKEN_PARAMETERS:
        return length <= LONGEST_PARAMETER
    if length > LONGEST_TOKEN:
        raise OAuthError(
            "invalid_request",
            f"The size of OIDC parameter '{name}' is longer than allowed.",
        )
    return True
