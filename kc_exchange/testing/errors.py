"""Name what can go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class RealmFileError(ValueError):
    """Report a realm export that cannot be served.

    `cause` says what is wrong with it, `fix` what to change.
    """

    def __init__(self, cause: str, fix: str) -> None:
        super().__init__(f"{cause} {fix}")
        self.cause = cause
        self.fix = fix


class OAuthError(Exception):
    """Carry one refusal in OAuth's JSON form (RFC 6749 section 5.2).

    `reason` is what Keycloak tells its own event alone, `more` are further members.
    """

    def __init__(
        self,
        error: str,
        description: str | None,
        *,
        status: int = 400,
        reason: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.more = dict(more or {})
        self.reason = reason
        self.error = error
        self.description = description
        self.status = status


def failed() -> OAuthError:
    """Return Keycloak's answer to a request that it fails on without saying why."""
    said = "For more on this error consult the server log."
    return OAuthError("unknown_error", said, status=500)


class PageError(Exception):
    """Carry one refusal that a person reads in the browser."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
