"""What somebody may break by hand, and the place that `--check` must name for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.provision.real import Keycloak

    Break = Callable[["Hands"], None]

BREAKS: dict[str, tuple[str, Break]] = {}
"""By name: what the report says of it, and the function that does it."""


def breaks(said: str) -> Callable[[Break], Break]:
    """Keep a function that breaks something in realm `acme`, or in `shared`."""

    def kept(function: Break) -> Break:
        BREAKS[function.__name__] = (said, function)
        return function

    return kept


@dataclass
class Hands:
    """Somebody in the admin console."""

    keycloak: Keycloak
    acme: str
    shared: str

    def realm(self, **members: Any) -> None:
        """Change the realm itself."""
        self.keycloak.call("PUT", f"/{self.acme}", members)

    def client(self, client_id: str, *, realm: str = "", **members: Any) -> None:
        """Change a client."""
        name = realm or self.acme
        known = self.keycloak.client(name, client_id)
        attributes = known.get("attributes", {}) | members.pop("attributes", {})
        body = known | members | {"attributes": attributes}
        self.keycloak.call("PUT", f"/{name}/clients/{known['id']}", body)

    def scope(self, name: str) -> dict[str, Any]:
        """A client scope."""
        known = self.keycloak.call("GET", f"/{self.acme}/client-scopes")
        return next(one for one in known if one["name"] == name)

    def mapper(self, scope: str, *, method: str = "PUT", **config: str) -> None:
        """Change, or delete, the mapper of a scope."""
        known = self.scope(scope)
        mapper = known["protocolMappers"][0]
        where = f"client-scopes/{known['id']}/protocol-mappers/models/{mapper['id']}"
        body = mapper | {"config": mapper["config"] | config}
        self.keycloak.call(method, f"/{self.acme}/{where}", body)

    def move(self, client_id: str, scope: str, *ways: tuple[str, str]) -> None:
        """Change where a client has a scope: ("DELETE", "optional"), and so on."""
        client = self.keycloak.client(self.acme, client_id)["id"]
        for method, kind in ways:
            where = f"clients/{client}/{kind}-client-scopes/{self.scope(scope)['id']}"
            self.keycloak.call(method, f"/{self.acme}/{where}")

    def provider(self, alias: str = "acme", **members: Any) -> None:
        """Change the provider that stands for `acme`, or the one of `acme`'s own."""
        realm = self.shared if alias == "acme" else self.acme
        where = f"/{realm}/identity-provider/instances/{alias}"
        known = self.keycloak.call("GET", where)
        config = known["config"] | members.pop("config", {})
        self.keycloak.call("PUT", where, known | members | {"config": config})

    def role(self, name: str) -> dict[str, Any]:
        """A role of the realm."""
        found: dict[str, Any] = self.keycloak.call("GET", f"/{self.acme}/roles/{name}")
        return found

    def user(self, name: str) -> dict[str, Any]:
        """A person."""
        found: list[dict[str, Any]]
        query = f"username={name}&exact=true"
        found = self.keycloak.call("GET", f"/{self.acme}/users?{query}")
        return found[0]


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


@breaks("~ Clients > app > Client scopes > dedicated > Scope > Full scope allowed: ")
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


@breaks("~ Client scopes > impersonation > Scope > Assigned roles: + support")
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


@breaks(
    "shared-broker > Settings > Access settings > Valid redirect URIs: + http://127.0.0.1"
)
def a_login_that_leads_nowhere(hands: Hands) -> None:
    hands.client(f"{hands.shared}-broker", redirectUris=["https://elsewhere.example/*"])


@breaks("~ Identity providers > acme > Enabled: off -> on")
def a_disabled_provider(hands: Hands) -> None:
    hands.provider(enabled=False)


@breaks("acme > Settings > OpenID Connect settings > Validate Signatures: off -> on")
def unchecked_signatures(hands: Hands) -> None:
    hands.provider(config={"validateSignature": "false"})


@breaks(
    "acme > Settings > OpenID Connect settings > User Info URL: http://127.0.0.1:9/u"
)
def no_user_info(hands: Hands) -> None:
    hands.provider(config={"userInfoUrl": "http://127.0.0.1:9/u"})


@breaks("~ Identity providers > acme > Settings > JWT Authorization Grant: off -> on")
def no_grant_at_the_provider(hands: Hands) -> None:
    hands.provider(config={"jwtAuthorizationGrantEnabled": "false"})


@breaks("~ Clients > hub > Settings > Capability config > JWT Authorization Grant: off")
def no_grant_for_the_requester(hands: Hands) -> None:
    off = {"oauth2.jwt.authorization.grant.enabled": "false"}
    hands.client("hub", realm=hands.shared, attributes=off)


@breaks(
    "Allowed Identity Providers for JWT Authorization Grant: globex -> globex##acme"
)
def no_grant_from_this_realm(hands: Hands) -> None:
    few = {"oauth2.jwt.authorization.grant.idp": "globex"}
    hands.client("hub", realm=hands.shared, attributes=few)


@breaks("~ Identity providers > acme > Permissions > token-exchange > Clients: + hub")
def nobody_who_may(hands: Hands) -> None:
    management = hands.keycloak.client(hands.shared, "realm-management")["id"]
    base = f"/{hands.shared}/clients/{management}/authz/resource-server/policy"
    policies = hands.keycloak.call("GET", f"{base}?name=kc_exchange&type=client")
    policy = next(one for one in policies if one["name"].endswith("acme"))
    other = hands.keycloak.client(hands.shared, "ledger-api")["id"]
    body = {"id": policy["id"], "name": policy["name"], "clients": [other]}
    where = f"{base}/client/{policy['id']}"
    hands.keycloak.call("PUT", where, body | {"logic": "POSITIVE"})


@breaks("~ Identity providers > acme > Permissions > token-exchange > Clients: + hub")
def no_permission_at_all(hands: Hands) -> None:
    where = f"/{hands.shared}/identity-provider/instances/acme/management/permissions"
    hands.keycloak.call("PUT", where, {"enabled": False})


@breaks("+ Identity providers > acme")
def no_provider(hands: Hands) -> None:
    where = f"/{hands.shared}/identity-provider/instances/acme"
    hands.keycloak.call("DELETE", where)


@breaks("acme > Settings > OpenID Connect settings > Client Secret: *** -> ***")
def no_client_for_the_provider(hands: Hands) -> None:
    client = hands.keycloak.client(hands.acme, f"{hands.shared}-broker")["id"]
    hands.keycloak.call("DELETE", f"/{hands.acme}/clients/{client}")


@breaks("acme > Settings > OpenID Connect settings > Client ID: app -> ")
def another_client_for_the_provider(hands: Hands) -> None:
    hands.provider(config={"clientId": "app", "clientSecret": "of-another"})


@breaks("corporate > Settings > Advanced settings > Store tokens: off -> on")
def no_stored_tokens(hands: Hands) -> None:
    hands.provider("corporate", storeToken=False)


@breaks(
    "corporate > Settings > Advanced settings > Disable type claim check: off -> on"
)
def a_claim_that_few_write(hands: Hands) -> None:
    hands.provider("corporate", config={"disableTypeClaimCheck": "false"})


@breaks("+ Client scopes > orders:read")
def no_scope_at_all(hands: Hands) -> None:
    scope = hands.scope("orders:read")["id"]
    hands.keycloak.call("DELETE", f"/{hands.acme}/client-scopes/{scope}")
