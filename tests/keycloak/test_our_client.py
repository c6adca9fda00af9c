"""Our own exchange, asked on both servers: what is issued, what a refusal means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.conf import Downstream, Realm
from kc_exchange.exceptions import (
    AudienceNotAvailable,
    ClientAuthFailed,
    ConsentRequired,
    ExchangeDenied,
    ExchangeError,
    ExchangeMisconfigured,
    ProofRequired,
    SubjectTokenExpired,
    SubjectTokenRejected,
    UnexpectedReply,
)
from kc_exchange.exchange import client_credentials, exchange, refresh
from kc_exchange.tokens import ACCESS_TOKEN, SubjectToken, unverified_claims
from tests.keycloak.kinds import on
from tests.keycloak.servers import FOLDER
from tests.real_keycloak import LEGACY, STANDARD

if TYPE_CHECKING:
    from tests.keycloak.servers import Server

ORDERS = Downstream(
    name="orders-api",
    base_url="https://orders.internal/",
    audience="orders-api",
    scopes=frozenset({"orders"}),
)


def realm(keycloak: Server, client: str = "django-app", **changes: Any) -> Realm:
    named = {
        "client_id": client,
        "client_secret": f"{client}-secret",
        "default_scopes": frozenset({"openid", "profile", "email", "shipping"}),
        **changes,
    }
    return Realm(alias="default", issuer=keycloak.issuer, **named)


def downstream(audience: str, *scopes: str) -> Downstream:
    return Downstream(
        name=audience,
        base_url="https://service.internal/",
        audience=audience,
        scopes=frozenset(scopes),
    )


def tokens(keycloak: Server, client: str, user: str = "alice") -> dict[str, Any]:
    form = {"grant_type": "password", "username": user, "password": f"{user}-demo"}
    return keycloak.tokens({**form, "scope": "openid"}, client)


def subject(keycloak: Server, client: str = "frontend") -> SubjectToken:
    return SubjectToken(value=tokens(keycloak, client)["access_token"])


def test_exchange__issues_for_the_downstream_alone(keycloak: Server) -> None:
    """The user stays, the requester and the audience are the new token's."""
    before = subject(keycloak)

    token = exchange(before, ORDERS, realm(keycloak))

    claims = keycloak.claims(token.value)
    assert claims["aud"] == "orders-api"
    assert claims["azp"] == "django-app"
    assert claims["sub"] == unverified_claims(before.value)["sub"]
    assert "orders" in token.scope


@pytest.mark.parametrize("auth", ["client_secret_basic", "client_secret_post"])
def test_exchange__authenticates_by_secret(keycloak: Server, auth: str) -> None:
    """Keycloak takes the secret in the header and in the form."""
    before = subject(keycloak)

    assert exchange(before, ORDERS, realm(keycloak, client_auth=auth)).value


def test_exchange__authenticates_by_key(keycloak: Server) -> None:
    """Keycloak takes an assertion signed with the client's key."""
    signed = realm(
        keycloak,
        "signed-app",
        client_auth="private_key_jwt",
        private_key=(FOLDER / "signed-app-key.pem").read_text(),
    )

    assert exchange(subject(keycloak), ORDERS, signed).value


def test_exchange__refuses_more_scope_than_asked(keycloak: Server) -> None:
    """A default scope of the client that the settings do not name is refused."""
    narrow = realm(keycloak, default_scopes=frozenset({"profile", "email"}))

    with pytest.raises(UnexpectedReply, match="wider than asked: shipping"):
        exchange(subject(keycloak), ORDERS, narrow)


def test_client_credentials__are_for_the_downstream(keycloak: Server) -> None:
    """The service account's token names the downstream in its audience."""
    token = client_credentials(ORDERS, realm(keycloak))

    assert "orders-api" in keycloak.claims(token.value)["aud"]


def test_refresh__gives_new_tokens(keycloak: Server) -> None:
    """A refresh answers with an access token of the same user."""
    before = tokens(keycloak, "django-app")

    after = refresh(realm(keycloak), before["refresh_token"])

    assert after.access_token != before["access_token"]
    assert after.refresh_token
    assert after.expires_at > 0


@pytest.mark.parametrize(
    ("target", "client", "kind", "says"),
    [
        (downstream("nope"), "django-app", ExchangeMisconfigured, "no client nope"),
        (
            downstream("retired-api", "retired"),
            "django-app",
            ExchangeMisconfigured,
            "retired-api is disabled",
        ),
        (
            downstream("billing-api"),
            "django-app",
            AudienceNotAvailable,
            "audience billing-api",
        ),
        (
            downstream("orders-api", "no-such"),
            "django-app",
            ExchangeMisconfigured,
            "SCOPES",
        ),
        (ORDERS, "stranger-app", ExchangeMisconfigured, "not meant for stranger-app"),
        (ORDERS, "unknown-app", ClientAuthFailed, "credential"),
        (ORDERS, "consent-app", ConsentRequired, "consent"),
        (ORDERS, "dpop-app", ProofRequired, "proof"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_exchange__refused(
    keycloak: Server,
    target: Downstream,
    client: str,
    kind: type[ExchangeError],
    says: str,
) -> None:
    """Each refusal names its cause, and no token."""
    before = subject(keycloak)

    with pytest.raises(kind, match=says) as caught:
        exchange(before, target, realm(keycloak, client))

    assert type(caught.value) is kind
    assert caught.value.fix
    assert before.value not in str(caught.value)


@on(STANDARD)
def test_exchange__switch_is_off(keycloak: Server) -> None:
    """A requester without the switch is told of it."""
    with pytest.raises(ExchangeMisconfigured, match="exchange is off") as caught:
        exchange(subject(keycloak), ORDERS, realm(keycloak, "plain-app"))

    assert "Standard Token Exchange: switch it on" in caught.value.fix


@on(LEGACY)
def test_exchange__switch_is_off_and_legacy_answers(keycloak: Server) -> None:
    """Where legacy exchange answers instead, the advice is the same."""
    with pytest.raises(ExchangeDenied, match="legacy exchange answered") as caught:
        exchange(subject(keycloak), ORDERS, realm(keycloak, "plain-app"))

    assert "Standard Token Exchange: switch it on" in caught.value.fix


def test_exchange__wrong_secret(keycloak: Server) -> None:
    """The message names the client, and never the secret."""
    wrong = realm(keycloak, client_secret="not-the-secret")

    with pytest.raises(ClientAuthFailed, match="django-app") as caught:
        exchange(subject(keycloak), ORDERS, wrong)

    assert "not-the-secret" not in str(caught.value)


def test_exchange__no_such_realm(keycloak: Server) -> None:
    """A wrong issuer is a matter of ISSUER, and is said to be."""
    nowhere = Realm(
        alias="default",
        issuer=f"{keycloak.url}/realms/nowhere",
        client_id="django-app",
        client_secret="django-app-secret",
    )

    with pytest.raises(ExchangeMisconfigured, match="No realm is found"):
        exchange(subject(keycloak), ORDERS, nowhere)


def test_exchange__forged_subject(keycloak: Server) -> None:
    """A token that Keycloak does not accept is for its user to renew."""
    value = subject(keycloak).value
    forged = SubjectToken(value=value[:-8] + "AAAAAAAA", token_type=ACCESS_TOKEN)

    with pytest.raises(SubjectTokenRejected):
        exchange(forged, ORDERS, realm(keycloak))


def test_refresh__of_an_ended_session(keycloak: Server) -> None:
    """When the session is over, a new login is all that helps."""
    before = tokens(keycloak, "django-app", "bob")
    keycloak.admin.end_sessions("bob")

    with pytest.raises(SubjectTokenExpired):
        refresh(realm(keycloak), before["refresh_token"])
