"""A record with real grants in it, written as the app writes it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit.checkpoint import Checkpoint, sign_checkpoint
from kc_exchange.impersonation.audit.notes import Signer
from kc_exchange.impersonation.audit.verify import verify
from kc_exchange.impersonation.events import about, stated
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent, AuditHead, ImpersonationGrant
from tests.impersonation.audit.owner import Owner

if TYPE_CHECKING:
    from kc_exchange.impersonation.audit import Append, Event
    from kc_exchange.impersonation.audit.report import Report

ORIGIN = "shop.example/audit"
SAM = Person(id="2", name="sam")
ANNA = Person(id="7", name="anna")


class History:
    """A record in a database, with real grants."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.owner = Owner(alias)
        self.signer = Signer(ORIGIN, Ed25519PrivateKey.generate())

    @property
    def size(self) -> int:
        """How many events the head speaks of."""
        return AuditHead.objects.using(self.alias).get().size

    def verify(self, *checkpoints: bytes, **options: Any) -> Report:
        """Verify the record."""
        return verify(using=self.alias, checkpoints=checkpoints, **options)

    def checkpoint(self, signer: Signer | None = None, **changes: Any) -> bytes:
        """Return a signed checkpoint of the record as it is, or as `changes` say."""
        report = self.verify()
        said = {"origin": ORIGIN, "size": report.size, "root": report.root, **changes}
        return sign_checkpoint(Checkpoint(**said), signer or self.signer).encode()

    def ask(self, *, reason: str = "The basket of anna is empty.") -> Any:
        """Ask for a grant: one event."""
        grant = ImpersonationGrant(
            operator_id=SAM.id,
            operator_name=SAM.name,
            target_id=ANNA.id,
            target_name=ANNA.name,
            reason=reason,
            expires_at=timezone.now() + timedelta(minutes=15),
            client_address="192.0.2.7",
            user_agent="Browser/1.0",
            open_for=SAM.id,
        )

        def requested(append: Append) -> None:
            grant._state.adding = True
            grant.save(force_insert=True)
            append(about(grant, "start.requested", **stated(grant, "peer")))

        audit.committed(requested)
        return grant

    def start(self, **stated_as: str) -> Any:
        """Start a grant: two events."""
        grant = self.ask(**stated_as)

        def granted(append: Append) -> None:
            grant.started_at = grant.last_seen_at = timezone.now()
            grant.save(force_update=True)
            append(about(grant, "start.granted", **stated(grant), sid="", jti=""))

        audit.committed(granted)
        return grant

    def request(self, grant: Any, path: str = "/orders/", **details: Any) -> None:
        """Let a request in and out: two events."""
        asked = {"method": "GET", "route": "orders", "path": path, "request_id": ""}
        begun = self.record(about(grant, "request.started", **asked))
        done = {"status": 200, "started": str(begun.event_id), **details}
        self.record(about(grant, "request.finished", **asked, **done))

    def end(self, grant: Any, cause: str = "stopped") -> None:
        """End a grant: one event."""

        def ended(append: Append) -> None:
            grant.ended_at, grant.end_cause, grant.open_for = (
                timezone.now(),
                cause,
                None,
            )
            grant.save(force_update=True)
            append(about(grant, "grant.ended", code=cause, cause=cause, ended_by=""))

        audit.committed(ended)

    def record(self, event: Event) -> AuditEvent:
        """Write one event."""
        return audit.committed(lambda append: append(event))

    def write(self, *, requests: int = 3) -> Any:
        """Write a grant from its start to its end: 3 events, 2 for each request."""
        grant = self.start()
        for number in range(requests):
            self.request(grant, f"/orders/{number}/")
        self.end(grant)
        return grant
