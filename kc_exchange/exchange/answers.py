"""What an answer of the token endpoint says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.exceptions import ExchangeUnavailable, NotLinked, UnexpectedReply
from kc_exchange.exchange.refusals import refusal
from kc_exchange.exchange.rows import Asked
from kc_exchange.strict_json import loads_object
from kc_exchange.tokens import Secret
from kc_exchange.transport.retry_after import retry_after

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.exceptions import ExchangeError
    from kc_exchange.exchange.breaker import Attempt
    from kc_exchange.transport import Reply

_OK = 200
_TOO_MANY = 429
_CONFLICT = 409


def read(reply: Reply, realm: Realm, asked: Asked) -> dict[str, Any]:
    """Return the members of a success; raise what anything else stands for.

    Raises:
        ExchangeError: see `refused`.
    """
    if reply.status != _OK:
        raise refused(reply, realm, asked)
    try:
        members = _members(reply)
    except ValueError as error:
        raise UnexpectedReply(
            f"The token endpoint's answer is not one: {error}.",
            status=reply.status,
            audience=asked.audience,
            realm=realm.alias,
            diagnosis="not_keycloak",
        ) from None
    return members


def refused(reply: Reply, realm: Realm, asked: Asked) -> ExchangeError:
    """Return the error that a reply without success stands for."""
    try:
        members = loads_object(reply.body)
    except ValueError:
        members = {}
    said = (members.get("error", ""), members.get("error_description", ""))
    error = refusal(reply.status, *said, realm=realm, asked=asked)
    if isinstance(error, ExchangeUnavailable):
        error.retry_after = retry_after(reply)
    if isinstance(error, NotLinked):
        error.account_link_url = _link(realm, members.get("account-link-url"))
    return error


def learn(
    attempt: Attempt, reply: Reply, realm: Realm, asked: Asked, *, question: int
) -> None:
    """Tell the breaker whether Keycloak is well; it is, if it answered by a no.

    A grant with refusals of its own asks more of Keycloak than this realm: that it
    failed may be the provider's fault, or the token's, and says nothing of others.
    `question`: a hash of what was asked, which may be what Keycloak failed on.
    """
    try:
        if reply.status == _OK:
            _members(reply)
            attempt.answered = True
            return
    except ValueError as error:
        attempt.why = f"its token endpoint's answer is not one: {error}."
        attempt.answered = False
        return
    said = refused(reply, realm, Asked())
    attempt.answered = reply.status == _TOO_MANY or not is_outage(said)
    attempt.why = said.cause if is_outage(said) else ""
    is_of_one = isinstance(said, UnexpectedReply) and said.is_of_one_request
    if is_of_one or reply.status == _CONFLICT:
        attempt.answered = None
    if said.diagnosis == "server_failed":
        attempt.question = question
        attempt.answered = None if asked.rows else False


def is_outage(error: ExchangeError) -> bool:
    """Whether an error says that Keycloak is not there, or is not itself."""
    return isinstance(error, ExchangeUnavailable) or error.diagnosis == "not_keycloak"


def _members(reply: Reply) -> dict[str, Any]:
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ValueError(f"it is of type {kind or 'unknown'}")
    members = _hidden(loads_object(reply.body))
    if "error" in members:
        raise ValueError("it says 200 and names an error")
    return members


def _hidden(members: dict[str, Any]) -> dict[str, Any]:
    return {k: Secret(v) if isinstance(v, str) else v for k, v in members.items()}


def _link(realm: Realm, url: object) -> str:
    """Return the address where an account is linked, if it is below the realm's."""
    below = f"{realm.issuer.rstrip('/')}/"
    return url if isinstance(url, str) and url.startswith(below) else ""
