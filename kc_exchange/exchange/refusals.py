"""Turn a refusal of Keycloak's into an error that says who must act, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.exceptions import (
    ExchangeDenied,
    ExchangeUnavailable,
    UnexpectedReply,
)
from kc_exchange.exchange.client_auth_refusals import CLIENT_AUTH_ROWS
from kc_exchange.exchange.proof_refusals import PROOF_ROWS
from kc_exchange.exchange.rows import Asked, Row
from kc_exchange.exchange.server_refusals import SERVER_ROWS
from kc_exchange.exchange.standard_refusals import ROWS

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.exceptions import ExchangeError

OF_EVERY_GRANT = (*CLIENT_AUTH_ROWS, *SERVER_ROWS, *PROOF_ROWS, *ROWS)
_SERVER_ERROR = 500
_FAILED = 500
_THROTTLED = 429
_NOT_FOUND = 404
_CONFLICT = 409
_REDIRECTS = range(300, 400)
_NOTHING = Asked()


def refusal(
    status: int,
    error: object,
    description: object,
    *,
    realm: Realm,
    asked: Asked = _NOTHING,
) -> ExchangeError:
    """Return the error of this package for a reply that is not a success."""
    code, text = _text(error), _text(description)
    row = _row(status, code, text, (*asked.rows, *OF_EVERY_GRANT))
    names = {
        "client": realm.client_id,
        "realm": realm.alias,
        "audience": asked.audience or "the downstream",
        "provider": asked.provider or "of the issuer",
    }
    return row.kind(
        _filled(row.cause, names),
        _filled(row.fix, names),
        error=code,
        description=text,
        status=status,
        audience=asked.audience,
        realm=realm.alias,
        diagnosis=row.diagnosis,
    )


def _filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _row(status: int, error: str, description: str, rows: tuple[Row, ...]) -> Row:
    if status == _THROTTLED:
        return _unavailable("Keycloak asks for fewer requests.", "throttled")
    if status > _SERVER_ERROR or (status == _FAILED and error != "unknown_error"):
        return _unavailable(f"Keycloak answered with {status}.", "server_error")
    for row in rows:
        if error == row.error and description.startswith(row.starts):
            return row
    return _unknown(status, error)


def _unavailable(cause: str, diagnosis: str) -> Row:
    return Row("", "", ExchangeUnavailable, cause, diagnosis=diagnosis)


def _unknown(status: int, error: str) -> Row:
    if status in _REDIRECTS:
        return Row(
            "",
            "",
            UnexpectedReply,
            f"Keycloak's endpoint redirects ({status}); secrets are not sent on.",
            "Write ISSUER as Keycloak itself spells it: scheme, host and port.",
            "redirected",
        )
    if status == _CONFLICT:
        cause = "Keycloak was changing the same record for another request (409)."
        return _unavailable(cause, "server_error")
    if error and status != _NOT_FOUND:
        cause = "A policy of the realm refuses the exchange."
        return Row("", "", ExchangeDenied, cause, diagnosis="policy_refuses")
    cause = f"The endpoint answered {status}, and not as Keycloak does."
    return Row("", "", UnexpectedReply, cause, diagnosis="not_keycloak")
