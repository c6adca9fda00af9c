"""Refuse to send what Keycloak would cut off, before it issues something else.

Keycloak drops a plain parameter that is too long without a word, and issues all the
same: an exchange without `audience`, or without `requested_subject`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.exceptions import ExchangeMisconfigured
from kc_exchange.tokens import MAX_TOKEN_LENGTH

if TYPE_CHECKING:
    from kc_exchange.exchange.posts import Form

MAX_PLAIN_LENGTH = 4_000
"""Characters of all plain parameters together, names included."""


def refuse_long_form(
    form: Form, of: str, fix: str, *, audience: str = "", realm: str = ""
) -> None:
    """Refuse plain parameters that are too long together; `of` says whose they are.

    Raises:
        ExchangeMisconfigured: they are longer than `MAX_PLAIN_LENGTH`.
    """
    length = sum(len(name) + len(value) for name, value in form)
    if length > MAX_PLAIN_LENGTH:
        raise ExchangeMisconfigured(
            f"The parameters for {of} have {length} characters; "
            f"beyond {MAX_PLAIN_LENGTH} Keycloak ignores them silently.",
            fix,
            audience=audience,
            realm=realm,
            diagnosis="form_too_long",
        )


def refuse_long_token(
    token: str, whose: str, *, audience: str = "", realm: str = ""
) -> None:
    """Refuse a subject token that is longer than Keycloak reads.

    Raises:
        ExchangeMisconfigured: it is longer than `MAX_TOKEN_LENGTH`.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        raise ExchangeMisconfigured(
            f"The {whose}'s token is longer than the {MAX_TOKEN_LENGTH} characters "
            "that Keycloak reads.",
            "Leave groups and roles out of the login's token by fewer client scopes.",
            audience=audience,
            realm=realm,
            diagnosis="token_too_long",
        )
