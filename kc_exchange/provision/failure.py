"""The one error of this package."""

from __future__ import annotations

from kc_exchange.exceptions import ExchangeError


class ProvisionFailed(ExchangeError):
    """A realm could not be read, planned or changed; it says why, and what to do."""

    cause = "Keycloak could not be provisioned."
    fix = "Read the log of Keycloak."


def unknown_provider(realm: str, alias: str) -> ProvisionFailed:
    """Return what to raise where a provider has to be made, and is not described."""
    return ProvisionFailed(
        f"Realm {realm!r} has no identity provider {alias!r}, and nothing says what it "
        "is.",
        "Add it to KC_EXCHANGE['PROVIDERS'], or to a file of REALM_FILES.",
    )
