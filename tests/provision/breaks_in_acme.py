"""What somebody may break in a realm of users."""

from __future__ import annotations

from tests.provision.breaks import Breaks, Hands

breaks = Breaks()

CAPABILITY = "Clients > app > Settings > Capability config"


@breaks(f"~ {CAPABILITY} > Standard Token Exchange: off -> on")
def the_switch(hands: Hands) -> None:
    hands.client("app", attributes={"standard.token.exchange.enabled": "false"})


@breaks(f"~ {CAPABILITY} > Client authentication: off -> on")
def a_public_requester(hands: Hands) -> None:
    hands.client("app", publicClient=True, serviceAccountsEnabled=True)


@breaks(f"~ {CAPABILITY} > Service account roles: off -> on")
def no_service_account(hands: Hands) -> None:
    hands.client("app", serviceAccountsEnabled=False)


@breaks("~ Clients > app > Enabled: off -> on")
def a_disabled_requester(hands: Hands) -> None:
    hands.client("app", enabled=False)


@breaks("~ Clients > app > Settings > Login settings > Consent required: on -> off")
def consent(hands: Hands) -> None:
    hands.client("app", consentRequired=True)


@breaks(
    "~ Clients > app > Client scopes > app-dedicated > Scope > Full scope allowed: "
)
def a_narrow_scope(hands: Hands) -> None:
    hands.client("app", fullScopeAllowed=False)


@breaks("~ Clients > app > Credentials > Client Secret: *** -> ***")
def another_secret(hands: Hands) -> None:
    hands.client("app", secret="somebody-chose-another-secret")


@breaks("Advanced settings > Access Token Lifespan: 3600 -> 300")
def a_long_lifespan(hands: Hands) -> None:
    hands.client("app", attributes={"access.token.lifespan": "3600"})


@breaks("Advanced settings > Access Token Lifespan: -1 -> 300")
def a_lifespan_of_a_session(hands: Hands) -> None:
    hands.client("app", attributes={"access.token.lifespan": "-1"})


@breaks("Clients > app-support > Advanced > Advanced settings > Access Token Lifespan")
def a_long_impersonation(hands: Hands) -> None:
    hands.client("app-support", attributes={"access.token.lifespan": "300"})


@breaks("Clients > app-support > Settings > Capability config > Direct access grants")
def a_login_at_the_impersonator(hands: Hands) -> None:
    hands.client("app-support", directAccessGrantsEnabled=True)


@breaks("+ Clients > orders-api")
def no_downstream(hands: Hands) -> None:
    client = hands.keycloak.client(hands.acme, "orders-api")["id"]
    hands.keycloak.call("DELETE", f"/{hands.acme}/clients/{client}")


@breaks("~ Clients > orders-api > Enabled: off -> on")
def a_disabled_downstream(hands: Hands) -> None:
    hands.client("orders-api", enabled=False)


@breaks(
    "orders:read > Mappers > audience orders-api > Included Client Audience: app -> "
)
def another_audience(hands: Hands) -> None:
    hands.mapper("orders:read", **{"included.client.audience": "app"})


@breaks("orders:read > Mappers > audience orders-api > Add to access token: off -> on")
def an_audience_elsewhere(hands: Hands) -> None:
    hands.mapper("orders:read", **{"access.token.claim": "false"})


@breaks("+ Client scopes > orders:read > Mappers > audience orders-api")
def no_mapper(hands: Hands) -> None:
    hands.mapper("orders:read", method="DELETE")


@breaks("~ Client scopes > orders:read > Settings > Include in token scope: off -> on")
def an_unnamed_scope(hands: Hands) -> None:
    scope = hands.scope("orders:read")
    scope["attributes"]["include.in.token.scope"] = "false"
    hands.keycloak.call("PUT", f"/{hands.acme}/client-scopes/{scope['id']}", scope)


@breaks("~ Clients > app > Client scopes > Optional: + orders:read")
def no_scope(hands: Hands) -> None:
    hands.move("app", "orders:read", ("DELETE", "optional"))


@breaks("~ Clients > app > Client scopes > Optional: + orders:read")
def a_scope_for_every_token(hands: Hands) -> None:
    hands.move("app", "orders:read", ("DELETE", "optional"), ("PUT", "default"))


@breaks("~ Clients > app > Client scopes > Default: + impersonation")
def operators_without_the_audience(hands: Hands) -> None:
    hands.move("app", "impersonation", ("DELETE", "default"))


@breaks("~ Client scopes > impersonation > Scope > Assign role: + support")
def everybody_with_the_audience(hands: Hands) -> None:
    scope, role = hands.scope("impersonation")["id"], hands.role("support")
    where = f"/{hands.acme}/client-scopes/{scope}/scope-mappings/realm"
    hands.keycloak.call("DELETE", where, [role])


@breaks("Realm roles > support > Associated roles: + realm-management/impersonation")
def operators_without_power(hands: Hands) -> None:
    path = f"/{hands.acme}/roles/support/composites"
    known = (
        [] if hands.keycloak.features == "small" else hands.keycloak.call("GET", path)
    )
    hands.keycloak.call("DELETE", path, known)


@breaks("~ Users > olga > Role mapping: + support")
def an_operator_without_the_role(hands: Hands) -> None:
    where = f"/{hands.acme}/users/{hands.user('olga')['id']}/role-mappings/realm"
    hands.keycloak.call("DELETE", where, [hands.role("support")])


@breaks("~ Users > alice > Enabled: off -> on")
def a_disabled_person(hands: Hands) -> None:
    user = hands.user("alice")
    body = user | {"enabled": False}
    hands.keycloak.call("PUT", f"/{hands.acme}/users/{user['id']}", body)


@breaks("~ Realm settings > Tokens > Access Token Lifespan: 3600 -> 300")
def tokens_that_live_long(hands: Hands) -> None:
    hands.realm(accessTokenLifespan=3600)


@breaks("~ Realm settings > Tokens > Access Token Lifespan: 5 -> 60")
def tokens_that_live_briefly(hands: Hands) -> None:
    hands.realm(accessTokenLifespan=5)


@breaks("~ Realm settings > Events > User events settings > Save events: off -> on")
def no_events(hands: Hands) -> None:
    hands.realm(eventsEnabled=False)


@breaks("Event saved type: + TOKEN_EXCHANGE, TOKEN_EXCHANGE_ERROR")
def other_events(hands: Hands) -> None:
    hands.realm(enabledEventTypes=["LOGIN"])


@breaks("~ Realm settings > Events > Admin events settings > Save events: off -> on")
def no_admin_events(hands: Hands) -> None:
    hands.realm(adminEventsEnabled=False)


@breaks("~ Realm settings > Enabled: off -> on")
def a_disabled_realm(hands: Hands) -> None:
    hands.realm(enabled=False)


@breaks("+ Client scopes > orders:read")
def no_scope_at_all(hands: Hands) -> None:
    scope = hands.scope("orders:read")["id"]
    hands.keycloak.call("DELETE", f"/{hands.acme}/client-scopes/{scope}")
