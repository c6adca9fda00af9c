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
    swept = jobs.sweep()
    if swept.ended:
        stdout.write(f"Gave {swept.ended} offline tokens back: too old, or nobody's.")
    if swept.unopened:
        stdout.write(
            f"{swept.unopened} offline tokens do not open: they were sealed under "
            "another SECRET_KEY. Fix: name it in SECRET_KEY_FALLBACKS; until they are "
            "too old they are left as they are, then they go without being revoked."
        )
    left = GrantToken.objects.filter(current_for=None).count()
    left += OfflineToken.ended.count()
    if left:
        stdout.write(
            f"{left} tokens wait for their revocation: Keycloak did not answer, or "
            "refused: the log has the cause; or they do not open. They are tried again "
            "at the next sweep."
        )
    stdout.write("Swept.")
