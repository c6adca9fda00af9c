"""Log records that say who really acts."""

from __future__ import annotations

import logging

from kc_exchange.impersonation.current import current_grant


class OperatorFilter(logging.Filter):
    """Give each record `operator`, `target` and `grant`; "-" where nobody impersonates.

    In LOGGING: `"filters": {"operator": {"()": "kc_exchange.impersonation.log.
    OperatorFilter"}}`, on a handler. `%(operator)s` then is the operator's name.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the three, and let the record pass."""
        grant = current_grant()
        record.operator = grant.operator_name if grant else "-"
        record.target = grant.target_name if grant else "-"
        record.grant = str(grant.pk) if grant else "-"
        return True
