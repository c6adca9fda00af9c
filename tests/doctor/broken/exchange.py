"""Broken at a downstream's token in the user's own realm."""

from __future__ import annotations

from tests.doctor import changes
from tests.doctor.broken.row import ORDERS, REALM, Broken, downstream, realm
from tests.doctor.realms import audience

_SCOPES = f"{ORDERS}['SCOPES']"
_MAPPER = (
    "Client scopes > orders:read > Mappers > Add mapper > By configuration > Audience"
)
_LIFESPAN = "Clients > django-app > Advanced > Access Token Lifespan"
_CLIENT_SCOPES = "Clients > django-app > Client scopes"
_LIGHT = "client.use.lightweight.access.token.enabled"

ROWS = (
    Broken(
        "AUDIENCE is mistyped",
        code="audience_unknown",
        provision=True,
        cause="The realm has no client order-api",
        fix="Compare AUDIENCE",
        setting=f"{ORDERS}['AUDIENCE']",
        console="Clients > Create client",
        settings=downstream(AUDIENCE="order-api"),
    ),
    Broken(
        "AUDIENCE is a URL",
        code="audience_unknown",
        provision=True,
        cause="has no client https://orders.internal/",
        fix="it is a client id, not a URL",
        setting=f"{ORDERS}['AUDIENCE']",
        settings=downstream(AUDIENCE="https://orders.internal/"),
    ),
    Broken(
        "the downstream's client is disabled",
        code="audience_disabled",
        provision=True,
        cause="The client orders-api is disabled",
        fix="Clients > orders-api > Enabled",
        setting=f"{ORDERS}['AUDIENCE']",
        console="Clients > orders-api > Enabled",
        changes=(changes.client("orders-api", enabled=False),),
    ),
    Broken(
        "the scope has no audience mapper",
        code="audience_mapper_missing",
        provision=True,
        cause="with orders:read its token is for",
        fix="Included Client Audience orders-api",
        setting=_SCOPES,
        console=_MAPPER,
        changes=(changes.Mappers("clientScopes", "orders:read"),),
    ),
    Broken(
        "the scope's mapper names another client",
        code="audience_mapper_missing",
        provision=True,
        cause="frontend",
        fix="Included Client Audience orders-api",
        console=_MAPPER,
        changes=(
            changes.Mappers(
                "clientScopes", "orders:read", (audience(client="frontend"),)
            ),
        ),
    ),
    Broken(
        "SCOPES is left out",
        code="scopes_empty",
        provision=True,
        cause="SCOPES names no scope",
        fix="name it in SCOPES",
        setting=_SCOPES,
        console="Client scopes > Create client scope",
        settings=downstream(SCOPES=[]),
    ),
    Broken(
        "the scope is mistyped",
        code="scope_unknown",
        provision=True,
        cause="may not ask for one of the SCOPES",
        fix="add the scope as optional",
        setting=_SCOPES,
        console=f"{_CLIENT_SCOPES} > Add client scope > Optional",
        settings=downstream(SCOPES=["order:read"]),
    ),
    Broken(
        "a scope of Keycloak's own that is not the requester's",
        code="scope_unknown",
        cause="may not ask for one of the SCOPES",
        fix="add the scope as optional",
        settings=downstream(SCOPES=["orders:read", "phone"]),
    ),
    Broken(
        "the scope is mistyped, and one of DEFAULT_SCOPES, too",
        code="scope_unknown",
        provision=True,
        cause="may not ask for one of the SCOPES",
        fix="add the scope as optional",
        settings={
            **realm(DEFAULT_SCOPES=["openid", "order:read"]),
            **downstream(SCOPES=["order:read"]),
        },
    ),
    Broken(
        "the scope is not the requester's",
        code="scope_unknown",
        provision=True,
        cause="Keycloak said: invalid_scope Invalid scopes: orders:read",
        fix="add the scope as optional",
        console=f"{_CLIENT_SCOPES} > Add client scope > Optional",
        changes=(changes.Scopes("django-app", "optional", fewer=("orders:read",)),),
    ),
    Broken(
        "the user has not the role that the scope is for",
        code="role_missing",
        provision=None,
        cause="leaves orders:read out for this user",
        fix="Client scopes > orders:read > Scope",
        setting=_SCOPES,
        console="Client scopes > orders:read > Scope",
        changes=(changes.ForRole("orders:read", "customer"),),
    ),
    Broken(
        "nobody knows whether users have the role",
        code="role_missing",
        provision=None,
        cause="leaves orders:read out for this user",
        fix="Client scopes > orders:read > Scope",
        state="unknown",
        changes=(changes.ForRole("orders:read", "customer"),),
        token=None,
    ),
    Broken(
        "one of two scopes is for holders of a role",
        code="scope_not_granted",
        provision=None,
        cause="leaves extra out for this user",
        fix="Role mapping",
        state="warning",
        console="Client scopes > extra > Scope",
        changes=(
            changes.Scopes("django-app", "optional", more=("extra",)),
            changes.ForRole("extra", "customer"),
        ),
        settings=downstream(SCOPES=["orders:read", "extra"]),
    ),
    Broken(
        "a scope that tokens do not name",
        code="scope_not_granted",
        cause="or is not named in tokens (Include in token scope)",
        fix="Role mapping",
        state="warning",
        provision=True,
        changes=(
            changes.scope(
                "orders:read", attributes={"include.in.token.scope": "false"}
            ),
        ),
    ),
    Broken(
        "another default scope than the settings know",
        code="scope_wider",
        cause="wider than asked: extra",
        fix="DEFAULT_SCOPES",
        setting=f"{REALM}['DEFAULT_SCOPES']",
        console=_CLIENT_SCOPES,
        changes=(changes.Scopes("django-app", "default", more=("extra",)),),
    ),
    Broken(
        "the requester asks its users for consent",
        code="consent_missing",
        provision=True,
        cause="has not given the consent",
        fix="`Consent required`",
        console="Clients > django-app > Settings > Consent required",
        changes=(changes.client("django-app", consentRequired=True),),
    ),
    Broken(
        "the requester is given lightweight tokens",
        code="requester_lightweight",
        cause="lightweight access tokens, from which",
        fix="switch it off",
        console="Clients > django-app > Advanced > Always use lightweight access token",
        changes=(changes.attribute("django-app", _LIGHT, "true"),),
    ),
    Broken(
        "tokens that live too long",
        code="lifespan_long",
        provision=True,
        cause="lives 900 s",
        fix="60 to 300 seconds",
        state="warning",
        console=_LIFESPAN,
        changes=(changes.attribute("django-app", "access.token.lifespan", "900"),),
    ),
    Broken(
        "tokens that live too short",
        code="lifespan_short",
        provision=None,
        cause="lives 20 s only",
        fix="60 to 300 seconds",
        state="warning",
        console=_LIFESPAN,
        changes=(changes.attribute("django-app", "access.token.lifespan", "20"),),
    ),
    Broken(
        "a realm whose tokens live too short",
        code="lifespan_short",
        cause="lives 20 s only",
        fix="60 to 300 seconds",
        state="warning",
        provision=None,
        changes=(
            changes.attribute("django-app", "access.token.lifespan", ""),
            changes.realm(accessTokenLifespan=20),
        ),
    ),
    Broken(
        "an actor, and a Keycloak that ignores it",
        code="actor_ignored",
        cause="act does not name the actor",
        fix="leave ACTOR out",
        setting=f"{ORDERS}['ACTOR']",
        settings=downstream(ACTOR="service-account"),
    ),
    Broken(
        "an actor without a service account",
        code="service_account_off",
        provision=True,
        cause="has no service account",
        fix="Service account roles: switch it on",
        console="Clients > django-app > Capability config > Service account roles",
        changes=(changes.client("django-app", serviceAccountsEnabled=False),),
        settings=downstream(ACTOR="service-account"),
    ),
)
