"""What goes wrong while somebody acts as somebody else.

ExchangeError
└── ImpersonationError
    ├── ImpersonationRefused         the operator: may not, or not now
    ├── GrantEnded                   the operator: start anew where it is needed
    ├── ReadOnlyGrant                the operator: a grant to write is needed
    ├── ForbiddenWhileImpersonating  the operator: nobody may, acting as somebody else
    ├── BearerWhileImpersonating     the client: one identity in a request
    ├── ImpersonationIsLocal         the developer: Keycloak has no part in this grant
    └── AuditUnavailable             the operator of the site: nothing can be recorded
"""

from __future__ import annotations

from typing import ClassVar

from kc_exchange.exceptions import ExchangeError


class ImpersonationError(ExchangeError):
    """Root of the errors of an impersonation."""

    cause = "This impersonation is not possible."
    fix = "Ask whoever looks after this site."
    http_status = 403
    for_everybody = True
    title: ClassVar[str] = "You cannot act as this person"
    """What a page says first."""

    @property
    def facts(self) -> dict[str, str]:
        """What programs are told beside code, cause and fix."""
        return {}


class ImpersonationRefused(ImpersonationError):
    """The operator may not act as this target; `reason` is a word for programs.

    `setting` is what an administrator may change, for the log: an operator cannot.
    """

    cause = "You may not act as this person."
    fix = "Ask somebody with more rights than this person to do it."

    def __init__(
        self,
        cause: str = "",
        fix: str = "",
        *,
        reason: str = "refused",
        setting: str = "",
    ):
        super().__init__(cause, fix)
        self.reason = reason
        self.setting = setting

    @property
    def facts(self) -> dict[str, str]:
        """The reason, as a word."""
        return {"reason": self.reason}

    def __str__(self) -> str:
        told = super().__str__()
        return f"{told} Administrators: {self.setting}" if self.setting else told


class GrantEnded(ImpersonationError):
    """The grant is over; `end_cause` is one of `ImpersonationGrant.Cause`."""

    title = "The impersonation is over"
    cause = "The impersonation is over."
    fix = "Start another one if there is still a reason for it."

    def __init__(
        self, cause: str = "", fix: str = "", *, end_cause: str = "", back: str = ""
    ):
        super().__init__(cause, fix)
        self.end_cause = end_cause
        self.back = back

    @property
    def facts(self) -> dict[str, str]:
        """Why it ended, as a word, and the path to go on at."""
        return {"end_cause": self.end_cause, "back": self.back}


class ReadOnlyGrant(ImpersonationError):
    """The request would change something, and the grant is for reading only."""

    title = "Nothing was changed"
    cause = (
        "This impersonation is for reading only; the request would change something."
    )
    fix = "End this impersonation, and start one with mode 'read and write'."


class ForbiddenWhileImpersonating(ImpersonationError):
    """Nobody does this in somebody else's name, whatever the grant."""

    title = "Not while you act as somebody else"
    cause = "Only the person does this, whatever the mode of the impersonation."
    fix = "Let them do it; to do it for yourself, end this impersonation first."


class BearerWhileImpersonating(ImpersonationError):
    """The request names a second identity beside the impersonated one."""

    title = "One identity at a time"
    cause = (
        "The request has an impersonation in its session and a bearer token as well."
    )
    fix = "Send one of the two: the token without the session's cookie."
    http_status = 400


class ImpersonationIsLocal(ImpersonationError):
    """There is no token of the target: Keycloak knows nothing of this grant."""

    title = "This service cannot be called"
    cause = (
        "This impersonation is local to Django: no service can be called in the "
        "target's name, and in nobody else's."
    )
    fix = (
        "Set KC_EXCHANGE['IMPERSONATION']['AT_KEYCLOAK'] to 'required', if services "
        "must be called while impersonating."
    )


class AuditUnavailable(ImpersonationError):
    """The record cannot be written, so nothing is done."""

    title = "Nothing was done"
    cause = "What you asked for cannot be recorded, so it was not done."
    fix = "Check the database that holds kc_exchange's tables; then try again."
    http_status = 503
