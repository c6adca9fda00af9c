"""Log records that say who really acts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from kc_exchange.exceptions import printable
from kc_exchange.impersonation.current import current_grant

if TYPE_CHECKING:
    from kc_exchange.models import ImpersonationGrant


class OperatorFilter(logging.Filter):
    """Give each record `operator`, `target` and `grant`; "-" where nobody impersonates.

    In LOGGING: `"filters": {"operator": {"()": "kc_exchange.impersonation.log.
    OperatorFilter"}}`, on a handler. `%(operator)s` then is the operator's name.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the three, and let the record pass."""
        grant = current_grant() or _of_request(record)
        record.operator = printable(grant.operator_name) if grant else "-"
        record.target = printable(grant.target_name) if grant else "-"
        record.grant = str(grant.pk) if grant else "-"
        return True


def _of_request(record: logging.LogRecord) -> ImpersonationGrant | None:
    """Return the grant of a request that is over: Django logs its failure after it."""
    request: Any = getattr(record, "request", None)
    if getattr(request, "operator", None) is None:
        return None
    grant: ImpersonationGrant | None = getattr(request, "grant", None)
    return grant
