"""Ask a token endpoint, and keep what it says, whatever that is.

No question here begins a session: its subject token is none, or is thrown away with
what it brings.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from http import HTTPStatus
from secrets import token_bytes
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.views.decorators.debug import sensitive_variables

from kc_exchange import transport
from kc_exchange.exceptions import ExchangeError, UnexpectedReply
from kc_exchange.exchange.answers import refused
from kc_exchange.exchange.grants import TOKEN_EXCHANGE
from kc_exchange.exchange.rows import Asked
from kc_exchange.exchange.token_endpoint import post
from kc_exchange.strict_json import loads_object
from kc_exchange.tokens import ACCESS_TOKEN, Secret, claims_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Realm
    from kc_exchange.exchange.posts import Form


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `members` of a success, else an `error`."""

    error: ExchangeError | None = None
    members: Mapping[str, Any] = field(default_factory=dict, repr=False)
    date: str = ""
    """The header `Date`, which Keycloak itself does not send, but proxies do."""

    @property
    def diagnosis(self) -> str:
        """The word for the refusal; empty for a success."""
        return "" if self.error is None else self.error.diagnosis

    @property
    def token(self) -> str:
        """The issued access token; empty for a refusal."""
        value = self.members.get("access_token", "")
        return value if isinstance(value, str) else Secret()

    @property
    def claims(self) -> Mapping[str, Any]:
        """What the issued token says; nothing where it cannot be read."""
        return claims_of(self.token)


@sensitive_variables()
def ask(realm: Realm, url: str, form: Form, asked: Asked | None = None) -> Answer:
    """Post a form to the token endpoint at `url`, once, and return the answer."""
    asked = asked or Asked()
    deadline = transport.Deadline(realm.deadline)
    try:
        reply = post(realm, url, form, deadline, may_repeat=False)
    except ExchangeError as error:
        return Answer(error)
    date = reply.headers.get("date", "")
    if reply.status != HTTPStatus.OK:
        return Answer(refused(reply, realm, asked), date=date)
    try:
        return Answer(members=_hidden(loads_object(reply.body)), date=date)
    except ValueError as error:
        return Answer(_no_answer(realm, error), date=date)


def _no_answer(realm: Realm, error: ValueError) -> ExchangeError:
    return UnexpectedReply(
        f"The token endpoint's answer is not one: {error}.",
        realm=realm.alias,
        diagnosis="not_keycloak",
    )


def _hidden(members: dict[str, Any]) -> dict[str, Any]:
    return {k: Secret(v) if isinstance(v, str) else v for k, v in members.items()}


def exchange_form(subject_token: str, **more: str) -> Form:
    """Return the form of an exchange that names no audience, with `more` in it."""
    return [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", subject_token),
        ("subject_token_type", ACCESS_TOKEN),
        ("requested_token_type", ACCESS_TOKEN),
        *more.items(),
    ]


def nobodys_token(issuer: str, **claims: str) -> str:
    """Return a token with the shape of `issuer`'s that no server accepts.

    What is refused before it is looked at tells about the server alone.
    """
    now = int(time.time())
    header = {"alg": "RS256", "typ": "JWT", "kid": "doctor"}
    said = {
        "iss": issuer,
        "sub": str(uuid4()),
        "jti": str(uuid4()),
        "typ": "Bearer",
        "iat": now,
        "exp": now + 60,
        **claims,
    }
    parts = (json.dumps(header).encode(), json.dumps(said).encode(), token_bytes(256))
    encoded = (urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return Secret(".".join(encoded))
