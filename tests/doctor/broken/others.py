"""Broken where nothing is exchanged, and at the downstream itself."""

from __future__ import annotations

from tests.doctor import changes
from tests.doctor.broken.row import ORDERS, Broken, downstream

_SCOPES = f"{ORDERS}['SCOPES']"
_MAPPER = (
    "Client scopes > orders:read > Mappers > Add mapper > By configuration > Audience"
)
_OWN = {"STRATEGY": "service-account"}

ROWS = (
    Broken(
        "no service account for a downstream that wants its token",
        code="service_account_off",
        provision=True,
        cause="has no service account",
        fix="Service account roles: switch it on",
        console="Clients > django-app > Capability config > Service account roles",
        changes=(changes.client("django-app", serviceAccountsEnabled=False),),
        settings=downstream(**_OWN),
        token=None,
    ),
    Broken(
        "the service account's token is for others",
        code="own_audience_missing",
        provision=True,
        cause="aud lacks orders-api",
        fix="client scope with an audience mapper for orders-api",
        setting=_SCOPES,
        console=_MAPPER,
        changes=(changes.Mappers("clientScopes", "orders:read"),),
        settings=downstream(**_OWN),
        token=None,
    ),
    Broken(
        "the service account is given lightweight tokens",
        code="requester_lightweight",
        cause="lightweight access tokens, from which",
        fix="switch it off",
        changes=(
            changes.attribute(
                "django-app", "client.use.lightweight.access.token.enabled", "true"
            ),
        ),
        settings=downstream(**_OWN),
        token=None,
    ),
    Broken(
        "the service account has not the role that the scope is for",
        code="role_missing",
        cause="leaves orders:read out",
        fix="Client scopes > orders:read > Scope",
        provision=None,
        changes=(changes.ForRole("orders:read", "customer"),),
        settings=downstream(**_OWN),
        token=None,
        state="unknown",
    ),
    Broken(
        "a forwarded token that is for others",
        code="forward_audience",
        cause="the user's token is not for orders-api",
        fix="Use STRATEGY 'exchange'",
        state="warning",
        setting=f"{ORDERS}['STRATEGY']",
        settings=downstream(STRATEGY="forward"),
    ),
    Broken(
        "a token of another realm, and an exchange in this one",
        code="other_realm",
        cause="would go to the Keycloak of realm 'annex'",
        fix="STRATEGY 'jwt-grant'",
        setting=f"{ORDERS}['REALM']",
        settings=downstream(REALM="annex"),
        annex=True,
    ),
    Broken(
        "nobody answers at BASE_URL",
        code="downstream_unreachable",
        cause="127.0.0.1:9 does not answer",
        fix="Check BASE_URL",
        state="warning",
        setting=f"{ORDERS}['BASE_URL']",
        settings=downstream(BASE_URL="http://127.0.0.1:9/"),
    ),
    Broken(
        "BASE_URL is written with https, and there is none",
        code="downstream_tls",
        cause="No trusted TLS connection",
        fix="CA_BUNDLE",
        state="warning",
        setting=f"{ORDERS}['CA_BUNDLE']",
        settings=lambda world: downstream(
            BASE_URL=world.url.replace("http://", "https://") + "/"
        ),
    ),
)
