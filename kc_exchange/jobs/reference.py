"""A reference to whoever is logged in, for a message to a worker."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth import SESSION_KEY
from django.views.decorators.debug import sensitive_variables

from kc_exchange import capture
from kc_exchange.capture import box
from kc_exchange.exceptions import InvalidReference, NoSubjectToken
from kc_exchange.impersonation.marks import refuse_while_impersonating
from kc_exchange.jobs import offline as offline_tokens
from kc_exchange.jobs.claims import Claims, login_of, refuse_old

if TYPE_CHECKING:
    from kc_exchange.tokens import TokenSet

LONGEST = 7 * 24 * 3600.0
"""Seconds a reference to a session may be good for, at most."""
LONGEST_OFFLINE = 90 * 24 * 3600.0
"""The same with an offline token."""
_PURPOSE = b"reference of a job, v1"
_BOUND_TO = b"kc_exchange job v1"


class SubjectReference(str):
    """A sealed text that stands for one login of one user, and holds no token.

    It is a `str`: JSON, a Celery message or a database column take it as it is. Whoever
    has it can do nothing with it without SECRET_KEY and the session store.
    """

    __slots__ = ()

    @classmethod
    @sensitive_variables()
    def of(cls, request: Any, *, max_age: float = 3600, offline: bool = False) -> Self:
        """Return a reference to the user who is logged in at `request`.

        The worker finds what is stored: start the job after the transaction
        (`transaction.on_commit`), and not in the request that logs in.

        Args:
            request: Django's, or that of Django REST framework.
            max_age: seconds from now that a job may use it, at most seven days, or
                ninety if it is offline.
            offline: keep the offline token of a login that asked for
                `offline_access`, sealed, for a job that runs after the session's time.

        Raises:
            NoSubjectToken: nobody is logged in, or the token came in a header, which
                nobody here can renew, or it left no offline token.
            ForbiddenWhileImpersonating: an operator acts as somebody else; that they
                tried is recorded.
            SubjectGone: they logged out, or went, while an offline token was kept.
            ValueError: `max_age` is out of bounds, or no number.
        """
        refuse_while_impersonating(request)
        age = _bounded(max_age, LONGEST_OFFLINE if offline else LONGEST)
        plain = getattr(request, "_request", request)
        tokens = _kept_of(plain)
        named = login_of(tokens)
        claims = Claims(
            session_key=str(plain.session.session_key),
            user_id=str(plain.session[SESSION_KEY]),
            issuer=named.issuer,
            sid=named.sid,
            issued_at=time.time(),
            max_age=age,
        )
        if offline:
            row = offline_tokens.keep(claims, plain.session, plain.user, tokens)
            claims = replace(claims, offline=str(row))
        text = json.dumps(asdict(claims), separators=(",", ":"))
        return cls(box.close(text.encode(), _PURPOSE, _BOUND_TO))


@sensitive_variables()
def opened(reference: str) -> Claims:
    """Return what a reference says, if its time is not over.

    Raises:
        InvalidReference: it was changed, or sealed under another SECRET_KEY.
        SubjectGone: it is too old.
    """
    plain = box.opened(reference, _PURPOSE, _BOUND_TO) if _is_text(reference) else None
    if plain is None:
        raise InvalidReference
    claims = Claims(**json.loads(plain))
    refuse_old(claims)
    return claims


def _kept_of(request: Any) -> TokenSet:
    """Return the tokens of the request's login, if that is whom it is for."""
    token = capture.capture(request)
    if token is None:
        raise NoSubjectToken
    kept = capture.kept(request)
    if kept is None or kept.access_token != token.value:
        raise NoSubjectToken(
            "The user's token did not come from a login here: only who sent it can "
            "renew it, so no job can be started for them.",
            "Call the downstream within the request, or let the user log in here.",
        )
    return kept


def _bounded(max_age: object, longest: float) -> float:
    what = f"a {type(max_age).__name__}"
    if isinstance(max_age, (int, float)):
        if 0 < max_age <= longest:
            return float(max_age)
        what = "out of bounds"
    raise ValueError(
        f"max_age is {what}. Fix: give a number of seconds, more than 0 and at most "
        f"{longest:.0f}."
    )


def _is_text(reference: object) -> bool:
    return isinstance(reference, str) and reference.isascii()
