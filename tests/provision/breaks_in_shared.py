"""What somebody may break in what one realm is to another."""

from __future__ import annotations

from tests.provision.breaks import Breaks, Hands

breaks = Breaks()


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
    "acme > Settings > OpenID Connect settings > User Info URL: nothing -> http://127"
)
def no_user_info(hands: Hands) -> None:
    hands.provider(config={"userInfoUrl": ""})


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
