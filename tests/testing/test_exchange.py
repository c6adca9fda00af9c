"""Standard token exchange: each refusal, and which one comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from tests.testing.conftest import APP, EXCHANGE, REALM, TYPE, Asker, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = {
    "access_token",
    "expires_in",
    "refresh_expires_in",
    "token_type",
    "issued_token_type",
    "not-before-policy",
    "session_state",
    "scope",
}
BAD = "invalid_request"
STANDARD = "is not supported for standard token exchange"
NEEDED = "required for standard token exchange"


def claims(token: str) -> dict[str, Any]:
    """A token's claims, unchecked."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


def clients(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    """The bundled realm's clients, each with its changes, and new ones."""
    known = {client["clientId"]: client for client in REALM["clients"]}
    names = [*known, *(name for name in changes if name not in known)]
    fresh = known["django-app"]
    return [
        {**known.get(name, fresh), "clientId": name, **changes.get(name, {})}
        for name in names
    ]


def test_exchange__gives_a_token_for_one_service(ask: Asker) -> None:
    """Audience, party, subject and session are right, and so are the reply's keys."""
    subject = ask.token()
    reply = ask.exchange(subject)
    body = reply.json()
    before, after = claims(subject), claims(body["access_token"])
    assert set(body) == KEYS
    assert body["issued_token_type"] == f"{TYPE}access_token"
    assert reply.headers["Cache-Control"] == "no-store"
    assert (after["aud"], after["azp"]) == ("orders-api", "django-app")
    assert (after["sub"], after["sid"]) == (before["sub"], before["sid"])
    assert set(after["scope"].split()) == {"email", "profile", "orders:read"}
    assert after["jti"].startswith("onrtte:")


def test_exchange__several_audiences(ask: Asker) -> None:
    """They come as a list; naming one twice is no harm."""
    wanted = ["orders-api", "billing-api", "orders-api"]
    reply = ask.exchange(audience=wanted, scope="orders:read billing:read")
    audience = claims(reply.json()["access_token"])["aud"]
    assert sorted(audience) == ["billing-api", "orders-api"]


def test_exchange__openid_adds_an_id_token(ask: Asker) -> None:
    """The ID token is for the requester."""
    body = ask.exchange(scope="openid orders:read").json()
    assert set(body) == KEYS | {"id_token"}
    assert claims(body["id_token"])["aud"] == "django-app"


def test_exchange__id_token_travels_as_the_access_token(ask: Asker) -> None:
    """RFC 8693 section 2.2.1 has one member for whatever was issued."""
    body = ask.exchange(requested_token_type=f"{TYPE}id_token").json()
    assert (body["token_type"], set(body)) == ("N_A", KEYS)
    assert claims(body["access_token"])["typ"] == "ID"


def test_exchange__ignores_an_actor(ask: Asker) -> None:
    """It is answered as if nobody acted."""
    kind = f"{TYPE}access_token"
    reply = ask.exchange(actor_token=ask.token("bob"), actor_token_type=kind)
    assert "act" not in claims(reply.json()["access_token"])


def test_exchange__of_a_service_account_has_no_session(ask: Asker) -> None:
    """Neither the reply nor the token names a session."""
    own = ask.post("token", grant_type="client_credentials").json()
    body = ask.exchange(own["access_token"]).json()
    assert "session_state" not in body
    found = claims(body["access_token"])
    assert "sid" not in found
    assert found["jti"].startswith("trrtte:")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"grant_type": None}, (400, BAD, "Missing form parameter: grant_type")),
        (
            {"grant_type": "odd"},
            (400, "unsupported_grant_type", "Unsupported grant_type"),
        ),
        ({"scope": ["openid", "email"]}, (400, BAD, "duplicated parameter")),
        *(
            ({name: "x"}, (400, BAD, f"Parameter '{name}' {STANDARD}"))
            for name in ("requested_subject", "requested_issuer", "subject_issuer")
        ),
        (
            {"subject_token_type": None},
            (400, BAD, f"Parameter 'subject_token_type' {NEEDED}"),
        ),
        (
            {"subject_token_type": f"{TYPE}id_token"},
            (400, BAD, "Parameter 'subject_token' supports access tokens only"),
        ),
        ({"subject_token": ""}, (400, BAD, "Invalid token")),
        *(
            (
                {"requested_token_type": f"{TYPE}{kind}"},
                (400, BAD, "requested_token_type unsupported"),
            )
            for kind in ("refresh_token", "saml2", "jwt")
        ),
        ({"audience": "nobody"}, (400, "invalid_client", "Audience not found")),
        ({"audience": ""}, (400, "invalid_client", "Audience not found")),
        (
            {"audience": "orders-api billing-api"},
            (400, "invalid_client", "Audience not found"),
        ),
        ({"scope": "odd"}, (400, "invalid_scope", "Invalid scopes: odd")),
        ({"scope": ""}, (400, "invalid_scope", "Invalid scopes: ")),
        (
            {"audience": "billing-api"},
            (400, BAD, "Requested audience not available: billing-api"),
        ),
        (
            {"subject_token": "x" * 20_001},
            (
                400,
                BAD,
                "The size of OIDC parameter 'subject_token' is longer than allowed.",
            ),
        ),
        ({"subject_token": "x" * 20_000}, (400, BAD, "Invalid token")),
        (
            {"actor_token": "x" * 20_001},
            (
                400,
                BAD,
                "The size of OIDC parameter 'actor_token' is longer than allowed.",
            ),
        ),
    ],
)
def test_exchange__is_refused(
    ask: Asker, changes: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    """Status, error and text are Keycloak's."""
    assert refusal(ask.exchange(**changes)) == expected


def test_exchange__needs_a_subject(ask: Asker) -> None:
    """The parameter's absence is told by name."""
    reply = ask.post("token", grant_type=EXCHANGE)
    assert refusal(reply) == (400, BAD, f"Parameter 'subject_token' {NEEDED}")


def test_exchange__several_missing_audiences(
    ask_changed: Callable[..., Asker],
) -> None:
    """All of them are named, in the order of a Java set."""
    extra: dict[str, Any] = {name: {} for name in ("app", "refresher", "nosw")}
    ask = ask_changed(clients=clients(**extra))
    reply = ask.exchange(audience=["nosw", "app", "orders-api", "refresher"])
    text = "Requested audience not available: app, refresher, nosw"
    assert refusal(reply) == (400, BAD, text)


@pytest.mark.parametrize("long", ["audience", "scope"])
def test_exchange__long_parameters_are_dropped(ask: Asker, long: str) -> None:
    """More than 4,000 characters count as nothing, without a word."""
    values: dict[str, Any] = {
        "audience": ["orders-api"] * 401,
        "scope": "orders:read " * 350,
    }
    other = {"audience": None} if long == "scope" else {}
    reply = ask.exchange(**{**other, long: values[long]})
    found = claims(reply.json()["access_token"])
    if long == "audience":
        assert sorted(found["aud"]) == ["account", "django-app", "orders-api"]
    else:
        assert "orders:read" not in found["scope"].split()


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (("django-app", "wrong"), (401, "unauthorized_client")),
        (("nobody", "x"), (401, "invalid_client")),
        (None, (401, "invalid_client")),
    ],
)
def test_client__is_refused(
    ask: Asker, auth: tuple[str, str] | None, expected: tuple[int, str]
) -> None:
    """An unknown client and a wrong secret differ in the error alone."""
    reply = ask.post("token", auth, grant_type="client_credentials")
    text = "Invalid client or Invalid client credentials"
    assert refusal(reply) == (*expected, text)


def test_client__basic_is_form_encoded(ask_changed: Callable[..., Asker]) -> None:
    """Colons and spaces in a secret survive (RFC 6749 section 2.3.1)."""
    ask = ask_changed(clients=clients(**{"django-app": {"secret": "a:b c+d%"}}))
    reply = ask.post("token", ("django-app", "a%3Ab+c%2Bd%25"), **SERVICE)
    assert reply.status_code == 200


SERVICE = {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"enabled": False}, (401, "invalid_client")),
        ({"bearerOnly": True}, (400, "invalid_client")),
        ({"attributes": {}}, (400, "invalid_request")),
        ({"publicClient": True}, (400, "invalid_client")),
    ],
)
def test_requester__must_be_fit(
    ask_changed: Callable[..., Asker],
    change: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    """Disabled, bearer-only, without the switch, public: four refusals."""
    ask = ask_changed(clients=clients(**{"django-app": change}))
    assert refusal(ask.exchange())[:2] == expected


def test_requester__must_be_in_the_audience(
    ask_changed: Callable[..., Asker],
) -> None:
    """An unknown audience is told first, a disabled one as well."""
    ask = ask_changed(clients=clients(stranger={}, closed={"enabled": False}))
    subject = ask.token()

    def asked(**changes: Any) -> tuple[int, str, str]:
        form = {
            "grant_type": EXCHANGE,
            "subject_token": subject,
            "subject_token_type": f"{TYPE}access_token",
            **changes,
        }
        return refusal(ask.post("token", ("stranger", APP[1]), **form))

    outside = (403, "access_denied", "Client is not within the token audience")
    assert asked() == outside
    assert asked(scope="odd") == outside
    assert asked(audience="nobody")[1:] == ("invalid_client", "Audience not found")
    assert asked(audience="closed")[1:] == ("invalid_client", "Client disabled")
    assert asked(requested_token_type="odd")[2] == "requested_token_type unsupported"


def test_consent__must_be_stored(ask_changed: Callable[..., Asker]) -> None:
    """A requester that needs consent is refused until the user gave it."""
    ask = ask_changed(clients=clients(**{"django-app": {"consentRequired": True}}))
    subject = ask.token()
    text = "Missing consents for Token Exchange in client django-app"
    assert refusal(ask.exchange(subject)) == (400, "invalid_scope", text)
    alice = ask.keycloak.realm("test").user("alice")
    assert alice is not None
    alice.consents["django-app"] = set(ask.keycloak.realm("test").scopes)
    assert ask.exchange(subject).status_code == 200


def test_refresh__needs_the_switch(ask_changed: Callable[..., Asker]) -> None:
    """With it the refresh token is good, and forgets the audience."""
    switches = {
        "standard.token.exchange.enabled": "true",
        "standard.token.exchange.enableRefreshRequestedTokenType": "SAME_SESSION",
    }
    ask = ask_changed(clients=clients(**{"django-app": {"attributes": switches}}))
    body = ask.exchange(requested_token_type=f"{TYPE}refresh_token").json()
    assert body["issued_token_type"] == f"{TYPE}refresh_token"
    assert claims(body["access_token"])["aud"] == "orders-api"
    token = body["refresh_token"]
    again = ask.post("token", grant_type="refresh_token", refresh_token=token)
    audience = claims(again.json()["access_token"])["aud"]
    assert sorted(audience) == ["account", "django-app", "orders-api"]


def test_introspection__widens_the_audience(ask: Asker) -> None:
    """The token's own `aud` is the one to read."""
    token = ask.exchange().json()["access_token"]
    orders = ("orders-api", "orders-api-secret")
    known = ask.post("token/introspect", orders, token=token).json()
    assert known["active"] is True
    assert sorted(known["aud"]) == ["account", "django-app", "orders-api"]
    assert claims(token)["aud"] == "orders-api"
    assert not ask.active(token, "billing-api")


def test_revocation__leaves_exchanged_tokens(ask_changed: Callable[..., Asker]) -> None:
    """A token exchanged by another client outlives its revoked subject."""
    ask = ask_changed(clients=clients(frontend={"protocolMappers": [FOR_THE_APP]}))
    subject = ask.keycloak.token("test", "alice", client_id="frontend")
    exchanged = ask.exchange(subject).json()["access_token"]
    revoked = ask.post("revoke", ("frontend", APP[1]), token=subject)
    assert (revoked.status_code, revoked.text) == (200, "")
    assert refusal(ask.exchange(subject)) == (400, BAD, "Invalid token")
    assert ask.active(exchanged)


FOR_THE_APP = {
    "name": "audience",
    "protocolMapper": "oidc-audience-mapper",
    "config": {"included.client.audience": "django-app", "access.token.claim": "true"},
}
