"""The one error of this package."""

from __future__ import annotations

from kc_exchange.exceptions import ExchangeError


class ProvisionFailed(ExchangeError):
    """A realm could not be read, planned or changed; it says why, and what to do."""

    cause = "Keycloak could not be provisioned."
    fix = "Read the log of Keycloak."
