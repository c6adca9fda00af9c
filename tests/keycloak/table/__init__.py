"""Every request whose reply the embedded Keycloak and a real one must share."""

from tests.keycloak.table import (
    audiences,
    clients,
    exchanges,
    grants,
    impersonated,
    impersonating,
    impersonation,
    introspection,
    legacy,
    parameters,
    proofs,
    refresh,
    revocation,
    sessions,
    subjects,
    userinfo,
)

TABLE = (
    *exchanges.ROWS,
    *audiences.ROWS,
    *parameters.ROWS,
    *subjects.ROWS,
    *clients.ROWS,
    *grants.ROWS,
    *refresh.ROWS,
    *introspection.ROWS,
    *userinfo.ROWS,
    *revocation.ROWS,
    *sessions.ROWS,
    *proofs.ROWS,
    *impersonation.ROWS,
    *impersonating.ROWS,
    *impersonated.ROWS,
    *legacy.ROWS,
)
