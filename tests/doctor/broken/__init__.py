"""The big table: set-ups with one thing wrong in each, as data."""

from tests.doctor.broken import (
    brokered,
    client,
    exchange,
    granted,
    impersonation,
    others,
    policies,
    providers,
    server,
    subject,
)
from tests.doctor.broken.row import Broken

ROWS: tuple[Broken, ...] = (
    *server.ROWS,
    *client.ROWS,
    *subject.ROWS,
    *exchange.ROWS,
    *policies.ROWS,
    *others.ROWS,
    *granted.ROWS,
    *brokered.ROWS,
    *providers.ROWS,
    *impersonation.ROWS,
)
