"""A browser of an operator, which looks closely at what every answer did."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from django.test import Client

from tests.impersonation.helpdesk import oracle, people, sightings
from tests.impersonation.helpdesk.views import Killed

if TYPE_CHECKING:
    from kc_exchange.models import ImpersonationGrant
    from kc_exchange.testing import EmbeddedKeycloak
    from tests.impersonation.helpdesk.sightings import Sighting

_numbers = count(1)


@dataclass
class Visit:
    """One request, with what held before it, and what came of it."""

    key: str
    """The session's key in the cookie that was sent."""
    grant: ImpersonationGrant | None
    """The grant that the session named before the request."""
    held: bool
    """Whether that grant held before the request."""
    person: Any
    """Who was logged in before the request."""
    status: int = 0
    """0 where the process ended."""
    refused: str = ""
    said: str = ""
    seen: list[Sighting] = field(default_factory=list)
    key_after: str = ""


class Browser:
    """A cookie jar, and what it held before."""

    def __init__(
        self,
        keycloak: EmbeddedKeycloak | None = None,
        passwords: dict[Any, str] | None = None,
    ) -> None:
        self.keycloak = keycloak
        self.client = Client(raise_request_exception=False)
        self.old: list[str] = []
        """Session keys that the browser held, and no longer does."""
        self.passwords = {} if passwords is None else passwords
        """The operators' stored passwords at the start of each grant."""

    @property
    def key(self) -> str:
        """The session's key in the cookie."""
        cookie = self.client.cookies.get("sessionid")
        return cookie.value if cookie else ""

    def log_in(self, user: Any) -> None:
        """Log in; whoever was logged in before is not any more."""
        before = self.key
        known = self.keycloak
        people.log_in(self.client, user, known.issuer(people.REALM) if known else "")
        self._forget(before)

    def visit(self, path: str, *, post: bool = False, **form: str) -> Visit:
        """Send a request, and return all there is to know about it."""
        grant = oracle.grant_of(self.key)
        found = Visit(
            key=self.key,
            grant=grant,
            held=grant is not None
            and oracle.holds(grant, self.key, self.passwords.get(grant.pk, "")),
            person=oracle.logged_in(self.key),
        )
        request_id = f"visit-{next(_numbers)}"
        self._send(found, path, post=post, request_id=request_id, form=form)
        seen = [s for s in sightings.SEEN if s.request_id == request_id]
        found.seen, found.key_after = seen, self.key
        self._forget(found.key)
        return found

    def _send(
        self, found: Visit, path: str, *, post: bool, request_id: str, form: Any
    ) -> None:
        send = self.client.post if post else self.client.get
        headers = {"X-Request-ID": request_id, "Accept": "application/json"}
        try:
            response = send(path, form, headers=headers)
        except Killed:
            return
        found.status = response.status_code
        found.refused = response.headers.get("X-Refused", "")
        found.said = response.content.decode()

    def _forget(self, before: str) -> None:
        if before and before != self.key:
            self.old.append(before)
