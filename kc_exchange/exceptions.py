"""Errors, grouped by who must act.

ExchangeError
├── NoSubjectToken            the user: nobody's token was captured
├── SubjectTokenRejected      the user: Keycloak refuses the captured token
│   └── SubjectTokenExpired   the user: and it cannot be refreshed; log in again
├── SubjectGone               the user: the job they started is not for them any more
│   └── InvalidReference      the developer: this is no reference to a user
├── ExchangeDenied            an administrator of Keycloak: this user may not
│   ├── AudienceNotAvailable
│   ├── ConsentRequired
│   ├── NotLinked             and the user, who can link the account
│   └── ProofRequired
├── ExchangeMisconfigured     the developer or the operator of the site
│   ├── ClientAuthFailed
│   ├── UnknownDownstream
│   ├── UnknownProvider
│   └── UnexpectedReply       what came back is not what was asked for
├── ExchangeUnavailable       nobody: try again, after `retry_after or 5` seconds
├── DownstreamError           about the call, not about the token
│   ├── WrongDownstream       the developer: the URL belongs to somebody else
│   ├── ReservedHeader        the developer: the session signs, the caller does not
│   ├── ProofRefused          the operator: clocks, or an address behind a proxy
│   ├── InsufficientScope     the developer: the downstream wants more scope
│   └── StepUpRequired        the user: the downstream wants a fresher login
└── InvalidToken              whoever sent the bearer token
    ├── InvalidRequest        whoever sent a malformed request
    └── UnknownRealm          nobody configured who issued it
"""

from __future__ import annotations

import copy
import re
from typing import Any, ClassVar, Self

_SHOWN = 300
_READ = 64 * 1024
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*")


def masked(text: str) -> str:
    """Return `text` with whatever looks like a JWT masked."""
    return _TOKEN.sub("***", text)


def printable(text: object) -> str:
    """Return text from outside with nothing a terminal or a log could act on.

    A peer may repeat what it was sent: whatever looks like a JWT is masked.
    """
    kept = masked(str(text)[:_READ])[:_SHOWN]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in kept)


class ExchangeError(Exception):
    """Root of all errors of this package. It never holds a token.

    `error` and `description` are the peer's own words (RFC 6749 section 5.2), `status`
    its HTTP status, 0 where there was none. `cause` and `fix` are for a person,
    `diagnosis` is what exactly is wrong, as one word of those that `doctor` knows.
    """

    cause: str = "The token could not be obtained."
    fix: str = "Read the log of Keycloak."
    http_status: ClassVar[int] = 500
    """What a page that lets this error through answers."""
    for_everybody: ClassVar[bool] = False
    """Whether cause and fix are shown to whoever asked."""

    def __init__(
        self,
        cause: str = "",
        fix: str = "",
        *,
        error: str = "",
        description: str = "",
        status: int = 0,
        audience: str = "",
        realm: str = "",
        diagnosis: str = "",
    ) -> None:
        self.cause = cause or type(self).cause
        self.fix = fix or type(self).fix
        self.error = printable(error)
        self.description = printable(description)
        self.status = status
        self.audience = audience
        self.realm = realm
        self.diagnosis = diagnosis
        super().__init__(self.cause)

    @property
    def code(self) -> str:
        """The error's name for programs and logs: `subject_token_expired`."""
        kinds = (
            k for k in type(self).__mro__ if k.__module__.startswith("kc_exchange.")
        )
        name = next(kinds).__name__
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()

    def __str__(self) -> str:
        peer = " ".join(filter(None, (self.error, self.description)))
        said = f" Keycloak said: {peer}." if peer else ""
        return f"{self.cause}{said} Fix: {self.fix}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuilt, (type(self), self.__dict__.copy()))

    def fresh(self) -> Self:
        """Return a copy without traceback, for another thread to raise."""
        return copy.copy(self)


_OF_ONE_REQUEST = frozenset({400, 403, 413, 414, 431})


def _rebuilt(cls: type[ExchangeError], state: dict[str, Any]) -> ExchangeError:
    error = cls()
    error.__dict__.update(state)
    error.args = (error.cause,)
    return error


class NoSubjectToken(ExchangeError):
    """Nobody's token was captured from this request."""

    cause = "This request carries no token of a user."
    fix = (
        "Log in through Keycloak, or send `Authorization: Bearer`. In a project: is "
        "UserTokenMiddleware installed, and does the login keep its tokens?"
    )
    http_status = 401


class SubjectTokenRejected(ExchangeError):
    """Keycloak refuses the captured token."""

    cause = (
        "Keycloak does not accept the user's token: it is expired or revoked, or "
        "its session is over, or the user is disabled."
    )
    fix = "Log in again."
    http_status = 401


class SubjectTokenExpired(SubjectTokenRejected):
    """The captured token is over, and nothing is there to refresh it with."""

    cause = "The user's token has expired, and the login left nothing to refresh it."


class SubjectGone(ExchangeError):
    """Whoever started a job has logged out, or may no longer be called for.

    It stays so: to run the job again is of no use.
    """

    cause = "Whoever started this job is no longer logged in."
    fix = "Do not try again; let them log in and start it anew."
    http_status = 401


class InvalidReference(SubjectGone):
    """The text is no reference that this project sealed."""

    cause = (
        "The reference to whoever started this job does not open: it was changed, or "
        "sealed under another SECRET_KEY."
    )
    fix = (
        "Pass on what SubjectReference.of() returned, unchanged; give workers the "
        "SECRET_KEY of the site, and keep an old one in SECRET_KEY_FALLBACKS."
    )


class ExchangeDenied(ExchangeError):
    """Keycloak, or a policy in it, does not let this user through."""

    cause = "Keycloak refuses this exchange."
    fix = "Ask an administrator of the realm which policy refuses it."
    http_status = 403


class AudienceNotAvailable(ExchangeDenied):
    """The user, or the scope asked for, does not lead to this audience."""

    cause = "Keycloak does not put this audience into a token for this user."
    fix = (
        "Give the requester a client scope whose audience mapper names the downstream, "
        "name that scope in SCOPES, and give the user the role it asks for."
    )


class ConsentRequired(ExchangeDenied):
    """The user has not consented to what is asked for."""

    cause = "The user has not given the consent that the requester asks for."
    fix = "Let the user log in again and consent, or switch off `Consent required`."


class NotLinked(ExchangeDenied):
    """The user's account is not linked where the exchange needs it to be."""

    cause = "The user's account is not linked to the identity provider."
    fix = "Let the user log in once through that provider, or link it in their account."
    account_link_url: str = ""
    """Where Keycloak links it, in the user's own browser; empty where it says nothing.

    Add `redirect_uri`, one that the client at Keycloak lists.
    """


class ProofRequired(ExchangeDenied):
    """The captured token is bound to a key whose proof is missing."""

    cause = "The user's token is bound to a key (DPoP or mutual TLS), proof is missing."
    fix = "Issue bearer tokens to this client, or exchange where the key is."


class ExchangeMisconfigured(ExchangeError):
    """A setting here, or at Keycloak, is wrong."""

    cause = "Keycloak refuses the exchange because of how it is configured."
    fix = "Compare the requester's settings at Keycloak with KC_EXCHANGE."


class ClientAuthFailed(ExchangeMisconfigured):
    """Keycloak does not accept the requester's credential."""

    cause = "Keycloak does not accept the requester's credential."
    fix = (
        "Compare CLIENT_ID and its secret or key with the client's Credentials tab at "
        "Keycloak, and check that the client is enabled."
    )


class UnknownDownstream(ExchangeMisconfigured):
    """No such downstream is configured."""

    cause = "No downstream of this name is configured."
    fix = "Add it to KC_EXCHANGE['DOWNSTREAMS']."


class UnknownProvider(ExchangeMisconfigured):
    """No such identity provider is configured."""

    cause = "No identity provider of this name is configured."
    fix = "Add it to KC_EXCHANGE['PROVIDERS']."


class UnexpectedReply(ExchangeMisconfigured):
    """What came back is not what was asked for; it was thrown away."""

    cause = "The reply is not what was asked for."
    fix = "Check that ISSUER leads to Keycloak itself, and the requester's settings."
    http_status = 502

    @property
    def is_of_one_request(self) -> bool:
        """Whether a proxy refused what one caller sent, and may let others through."""
        return self.diagnosis == "not_keycloak" and self.status in _OF_ONE_REQUEST


class ExchangeUnavailable(ExchangeError):
    """Keycloak did not answer in time; `retry_after` is in seconds or None."""

    cause = "Keycloak cannot be reached."
    fix = "Check that Keycloak runs and that this machine reaches it; then try again."
    http_status = 503
    retry_after: float | None = None


class DownstreamError(ExchangeError):
    """The call is wrong, not the token."""

    cause = "The downstream cannot be called like this."
    fix = "Call it by a path relative to its BASE_URL."


class WrongDownstream(DownstreamError):
    """The URL, or a redirect, leads away from the downstream."""

    cause = "The URL does not belong to the downstream that the token was made for."


class ReservedHeader(DownstreamError):
    """The caller set what the session alone may set."""

    cause = "The session signs the call itself; `auth` and `Authorization` are its own."
    fix = "Leave `auth` and the `Authorization` header out, and `DPoP` with DPOP."


class ProofRefused(DownstreamError):
    """The downstream does not take the proof of possession (RFC 9449 section 7.1)."""

    cause = "The downstream does not take the DPoP proof that came with the token."
    fix = (
        "Compare the clocks of the two machines; and let the downstream compare the "
        "proof with the address in BASE_URL, which a proxy before it may hide."
    )


class InsufficientScope(DownstreamError):
    """The downstream wants more scope than the token has (RFC 6750 section 3.1)."""

    cause = "The downstream asks for more scope than the token has."
    fix = "Add the scope to SCOPES of this downstream."
    http_status = 403
    scope: str = ""


class StepUpRequired(DownstreamError):
    """The downstream wants a stronger or fresher login (RFC 9470)."""

    cause = "The downstream asks for a stronger or more recent login."
    fix = "Send the user to log in again with the `acr_values` and `max_age` it names."
    http_status = 401
    acr_values: str = ""
    max_age: str = ""


class InvalidToken(ExchangeError):
    """A bearer token that was sent to this project is not valid (RFC 6750)."""

    cause = "The access token is not valid."
    fix = "Send a valid access token that was issued for this service."
    http_status = 401
    reason: str = ""
    """What exactly is wrong, for the log alone: the sender learns nothing of it."""

    @classmethod
    def because(cls, reason: str) -> Self:
        """Return the error with a reason for the log, never a part of a token."""
        error = cls()
        error.reason = reason
        return error


class InvalidRequest(InvalidToken):
    """The request is malformed (RFC 6750 section 3.1, `invalid_request`)."""

    cause = "The request carries its access token in a wrong way."
    fix = "Send one `Authorization: Bearer <token>` header and the token nowhere else."
    http_status = 400


class UnknownRealm(InvalidToken):
    """The token, or the host that was asked, belongs to no realm of this project."""

    cause = "The access token comes from an issuer that is not accepted here."
    fix = (
        "Send a token of the realm that this address belongs to. In a project: are its "
        "ISSUER, and its HOSTS or USERS, in KC_EXCHANGE['REALMS']?"
    )
