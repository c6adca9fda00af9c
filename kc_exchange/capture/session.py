"""Keep the tokens of a login in the session, sealed for it alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import signed_cookies
from django.views.decorators.debug import sensitive_variables

from kc_exchange import conf
from kc_exchange.capture import newest
from kc_exchange.capture.seal import Kept, seal, unseal, warn_unopened
from kc_exchange.exceptions import ExchangeMisconfigured
from kc_exchange.signals import login_kept
from kc_exchange.tokens import (
    SubjectToken,
    TokenSet,
    claims_of,
    expiry,
    issue_of,
    login_claims,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AbstractBaseUser
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

ITEM = "_kc_exchange"
"""The session's item that holds the sealed tokens."""
ISSUER = "_kc_exchange_issuer"
"""The session's item that says which realm its login was of."""

followers: set[Callable[[str, TokenSet], None]] = set()
"""Told of a session's key and its newest tokens: who keeps a copy of them."""


@dataclass(slots=True)
class State:
    """What this package knows of one request."""

    pending: tuple[TokenSet, AbstractBaseUser | None] | None = field(
        default=None, repr=False
    )
    given: set[str] = field(default_factory=set, repr=False)
    """Access tokens that `from_session` and `renew` answered with."""
    renewed: bool = False


def state(request: HttpRequest) -> State:
    """Return the state of `request`."""
    found: State = request.__dict__.setdefault("_kc_exchange_capture", State())
    return found


def keep(
    request: HttpRequest, tokens: TokenSet, *, user: AbstractBaseUser | None = None
) -> None:
    """Keep the tokens of a login in the session, sealed.

    Call it before or after `django.contrib.auth.login()`: as long as `user` is not
    logged in, the tokens wait, and `seal_pending` seals them at `user_logged_in`.
    Without `user` they are those of whoever is logged in, or is next.

    Raises:
        ExchangeMisconfigured: sessions lie in the cookie, where tokens must not be.
    """
    if uses_cookie_sessions():
        raise ExchangeMisconfigured(
            "SESSION_ENGINE keeps sessions in the cookie: the tokens would leave the "
            "server, and nobody could renew or forget them.",
            "Choose another SESSION_ENGINE, for example "
            "'django.contrib.sessions.backends.db'.",
        )
    state(request).pending = (tokens, user)
    logged_in = request.session.get(SESSION_KEY)
    if logged_in is not None and (user is None or str(user.pk) == logged_in):
        _seal_into(request.session, tokens)


def seal_pending(
    sender: object, request: HttpRequest | None, user: AbstractBaseUser, **kwargs: Any
) -> None:
    """Seal what `keep` was given; a receiver of `user_logged_in`."""
    del sender, kwargs
    if request is None:
        return
    pending, state(request).pending = state(request).pending, None
    if pending is None:
        request.session.pop(ISSUER, None)
        return
    tokens, owner = pending
    if owner is None or owner.pk == user.pk:
        _seal_into(request.session, tokens)


def from_session(request: HttpRequest) -> SubjectToken | None:
    """Return the access token that the login kept, None without one.

    None, too, where Django takes the request for another user than its session's: the
    account was deactivated, or an API authenticates otherwise and asks for no CSRF
    token. A request without a session is not given one, and its response does not vary.
    """
    tokens = kept(request)
    if tokens is None or not _is_of_its_user(request):
        return None
    state(request).given.add(tokens.access_token)
    return subject_token(tokens)


def kept(request: HttpRequest) -> TokenSet | None:
    """Return all that the login kept, None if it kept nothing or it does not open."""
    session = getattr(request, "session", None)
    if session is None or session.session_key is None:
        return None
    sealed = session.get(ITEM)
    found = newest_of(sealed, session.session_key, cookie_key(request))
    if found is None:
        if sealed:
            warn_unopened()
        return None
    return found.tokens


def forget(request: HttpRequest) -> None:
    """Remove the tokens from the session."""
    state(request).pending = None
    state(request).given.clear()
    session = getattr(request, "session", None)
    if session is None or session.session_key is None or not session.get(ITEM):
        return
    del session[ITEM]
    newest.remember(session.session_key, _next(session.session_key), "")


def uses_cookie_sessions() -> bool:
    """Return whether `SESSION_ENGINE` keeps the session in the cookie."""
    return issubclass(session_store(), signed_cookies.SessionStore)


def session_store() -> Any:
    """Return the class of the sessions that `SESSION_ENGINE` keeps."""
    return import_module(settings.SESSION_ENGINE).SessionStore


def _is_of_its_user(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is None or str(user.pk) == request.session.get(SESSION_KEY)


def subject_token(tokens: TokenSet) -> SubjectToken:
    """Return the access token of `tokens` as a subject token."""
    return SubjectToken(
        value=tokens.access_token,
        realm=tokens.realm,
        expires_at=tokens.expires_at,
        id_token=tokens.id_token,
    )


def cookie_key(request: HttpRequest) -> str:
    """Return the session key the browser sent: another one after `cycle_key()`."""
    return request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")


@sensitive_variables()
def newest_of(sealed: object, session_key: str, cookie: str = "") -> Kept | None:
    """Return the newer of what a session's copy and this process hold."""
    if not sealed:
        return None
    known = newest.of(session_key)
    here = unseal(sealed, session_key)
    if here is None and known is None and cookie not in {"", session_key}:
        here = unseal(sealed, cookie)
    if known is None or (here is not None and here.generation >= known.generation):
        return here
    return unseal(known.sealed, session_key) if known.sealed else None


@sensitive_variables()
def sealed_anew(session_key: str, tokens: TokenSet, before: int = 0) -> Kept:
    """Seal `tokens` as the newest of their session, and remember them."""
    expires_at = tokens.expires_at or expiry(tokens.access_token)
    dated = replace(tokens, expires_at=expires_at)
    made = seal(dated, _next(session_key, before), session_key)
    newest.remember(session_key, made.generation, made.sealed)
    for follow in followers:
        follow(session_key, dated)
    return made


def _seal_into(session: SessionBase, tokens: TokenSet) -> None:
    if session.session_key is None:
        session.create()
    session[ITEM] = sealed_anew(str(session.session_key), tokens).sealed
    session[ISSUER] = conf.current().realm(tokens.realm).issuer
    tell_kept(tokens, session)


@sensitive_variables()
def tell_kept(tokens: TokenSet, session: SessionBase, former_key: str = "") -> None:
    """Send `login_kept`: who has to know may note whose login the session holds.

    Tokens of a realm that is no longer configured are nobody's.
    """
    realm = conf.current().realms.get(tokens.realm)
    if realm is None:
        return
    both = tokens.access_token, tokens.id_token
    said = login_claims(*both)
    login_kept.send_robust(
        sender=None,
        issuer=realm.issuer,
        subject=str(said.get("sub", "")),
        session_id=str(said.get("sid", "")),
        issued_at=max(issue_of(claims_of(token)) for token in both),
        session_key=str(session.session_key),
        former_key=former_key,
        user_id=str(session.get(SESSION_KEY, "")),
    )


@sensitive_variables()
def _next(session_key: str, before: int = 0) -> int:
    known = newest.of(session_key)
    return newest.next_generation(max(before, known.generation if known else 0))
