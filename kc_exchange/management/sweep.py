"""`manage.py kc_exchange sweep`: end the grants that nobody came back for."""

from __future__ import annotations

from typing import Any

from kc_exchange import impersonation, jobs, logout
from kc_exchange.models import GrantToken, OfflineToken


def add_to(groups: Any) -> None:
    """Add the subcommand."""
    parser = groups.add_parser(
        "sweep",
        help="End grants that are over, and revoke what Keycloak still has of them.",
        description="Run it every few minutes. A grant that is over is refused at its "
        "next request all the same; this closes the record of those that never come. "
        "Offline tokens that are too old for any job go, too.",
    )
    parser.set_defaults(run=run)


def run(stdout: Any, options: dict[str, Any]) -> None:
    """Sweep, and say what was done."""
    del options
    for grant in impersonation.sweep():
        stdout.write(f"Ended {grant} ({grant.pk}): {grant.get_end_cause_display()}.")
    dropped = logout.sweep()
    if dropped:
        stdout.write(f"Dropped {dropped} notes of logins that are over.")
    if forgotten := jobs.sweep():
        stdout.write(f"Gave {forgotten} offline tokens back: too old, or nobody's.")
    left = GrantToken.objects.filter(current_for=None).count()
    left += OfflineToken.ended.count()
    if left:
        stdout.write(
            f"{left} tokens wait for their revocation: Keycloak did not answer, or "
            "refused. The log has the cause. They are tried again at the next sweep."
        )
    stdout.write("Swept.")
