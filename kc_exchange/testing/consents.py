"""Ask whether a user has agreed to what a client gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.testing.tokens import Issue

SHOWN = "display.on.consent.screen"


def lacks_consent(issue: Issue) -> bool:
    """Tell whether the client needs consents that the user has not given."""
    if not issue.client.consent_required:
        return False
    stored = issue.user.consents.get(issue.client.client_id)
    return stored is None or not _shown(issue) <= stored


def _shown(issue: Issue) -> set[str]:
    return {
        scope.name
        for scope in issue.scopes
        if scope.attributes.get(SHOWN, "true") == "true"
    }
