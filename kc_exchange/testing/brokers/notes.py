"""Name the notes of a session that tell of an identity provider, as Keycloak does."""

from __future__ import annotations

LOGGED_IN_BY = "identity_provider"
EXTERNAL = "EXTERNAL_IDENTITY_PROVIDER"
EXCHANGED_BY = "EXCHANGE_PROVIDER"
ACCESS_TOKEN = "FEDERATED_ACCESS_TOKEN"  # noqa: S105 - the name of a note
REFRESH_TOKEN = "FEDERATED_REFRESH_TOKEN"  # noqa: S105 - the name of a note
ID_TOKEN = "FEDERATED_ID_TOKEN"  # noqa: S105 - the name of a note
EXPIRATION = "FEDERATED_TOKEN_EXPIRATION"
