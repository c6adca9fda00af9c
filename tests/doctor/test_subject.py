"""The user's token: what it says of itself, and what Keycloak says of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.doctor.double import challenges, double, refuses, token_of
from tests.servers.acts import closes, replies

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.acts import Act

ABOUT = "the user's token"


def findings(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is said of the token, by code."""
    return {f["code"]: f for f in report["findings"] if f["about"] == ABOUT}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"exp": None}, "subject_never_expires", "no time at which it expires"),
        ({"exp": int(time.time()) - 60}, "subject_expired", "It expired"),
        ({"iat": int(time.time()) + 900}, "clock_differs", "from now, by this clock"),
        ({"exp": 10**400, "iat": 10**400}, "subject_never_expires", "says no time"),
        ({"typ": "ID"}, "subject_is_id_token", "It is an ID token"),
        ({"typ": "Offline"}, "subject_is_refresh_token", "It is a refresh token"),
        ({"iss": None}, "subject_issuer_unknown", "(None)"),
        ({"sub": None}, "subject_lightweight", "lightweight access token"),
        ({"jti": "onltro:1"}, "subject_lightweight", "lightweight access token"),
        ({"cnf": {"jkt": "x"}}, "subject_bound", "bound to a key (DPoP)"),
        (
            {"cnf": {"x5t#S256": "x"}},
            "subject_bound_to_certificate",
            "bound to the certificate",
        ),
        ({"aud": "account"}, "requester_not_in_audience", "its `aud` has account"),
        ({"aud": None}, "requester_not_in_audience", "its `aud` has nobody"),
        ({"groups": "g" * 9000}, "subject_long", "refused here beyond 8192"),
    ],
)
def test_token__by_what_it_says(
    settings: Any,
    examined: Callable[..., Any],
    changes: dict[str, Any],
    code: str,
    words: str,
) -> None:
    """Each is told before Keycloak is asked, with a fix."""
    with double(settings) as server:
        token = token_of(server.issuer, **changes)
        report = examined("--audience", "orders-api", token=token)

    found = findings(report)[code]
    assert words in found["cause"]
    assert found["fix"]


@pytest.mark.parametrize(
    ("token_id", "words"),
    [
        ("onrtro:1", "of a session, issued to frontend"),
        ("ofrtro:1", "of an offline session"),
        ("trrtcc:1", "of a service account, or a transient user"),
        ("1", "of a session"),
    ],
)
def test_token__of_a_kind_of_session(
    settings: Any, examined: Callable[..., Any], token_id: str, words: str
) -> None:
    """Keycloak's own `jti` says what stands behind a token."""
    with double(settings) as server:
        token = token_of(server.issuer, jti=token_id)
        report = examined("--audience", "orders-api", token=token)

    assert words in findings(report)["holds"]["cause"] or words in str(report)


def test_token__that_was_issued_to_the_requester(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """Its holder may exchange it, whatever its audience."""
    with double(settings) as server:
        token = token_of(server.issuer, azp="django-app", aud="account")
        report = examined("--audience", "orders-api", token=token)

    assert "django-app may exchange it." in str(report)
    assert "requester_not_in_audience" not in findings(report)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (challenges("User disabled"), "user_disabled"),
        (challenges("user_disabled"), "user_disabled"),
        (challenges("User not found"), "user_gone"),
        (challenges("user_session_not_found"), "session_over"),
        (challenges("session_expired"), "session_over"),
        (challenges("Token verification failed"), "subject_revoked"),
        (challenges("User not valid"), "subject_revoked"),
        (challenges("Client disabled"), "login_client_off"),
        (closes, "unreachable"),
    ],
)
def test_token__by_what_user_info_says(
    settings: Any, examined: Callable[..., Any], answer: Act, code: str
) -> None:
    """The exchange says "Invalid token" whatever the reason; this says which."""
    with double(settings, userinfo=answer) as server:
        token = token_of(server.issuer)
        report = examined("--audience", "orders-api", token=token)

    assert findings(report)[code]["state"] == "wrong"
    assert findings(report)[code]["fix"]


@pytest.mark.parametrize(
    "answer",
    [
        challenges("Missing openid scope", 403),
        challenges("Lightweight access token not allowed for userinfo endpoint"),
        challenges("Something that a later release says"),
        replies("", 401),
        replies("", 404),
    ],
)
def test_token__of_which_user_info_says_nothing(
    settings: Any, examined: Callable[..., Any], answer: Act
) -> None:
    """What is refused for another reason may well be exchanged."""
    with double(settings, userinfo=answer) as server:
        token = token_of(server.issuer)
        report = examined("--audience", "orders-api", token=token)

    assert report["exit_code"] == 0
    assert "Keycloak does not say that it is over." in str(report)


def test_token__is_older_than_the_policy(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """The answer to the service account has the policy."""
    from tests.servers.acts import grants  # noqa: PLC0415

    now = int(time.time())
    own = grants({"not-before-policy": now + 1}, {"iat": now, "exp": now + 60})
    with double(settings, own=own) as server:
        token = token_of(server.issuer)
        report = examined("--audience", "orders-api", token=token)

    assert findings(report)["subject_revoked"]["state"] == "wrong"


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("{head}.{body}.AAAA", "it does not hold"),
        ("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InR3byJ9.{body}.AAAA", "no key"),
        ("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.AAAA", "algorithm"),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{body}.AAAA", "algorithm"),
    ],
)
def test_token__whose_signature_does_not_hold(
    settings: Any, examined: Callable[..., Any], token: str, words: str
) -> None:
    """It is told so, and the requester's own token goes on in its place."""
    with double(settings) as server:
        head, body, _ = token_of(server.issuer).split(".")
        forged = token.format(head=head, body=body)
        report = examined("--audience", "orders-api", token=forged)

    assert words in findings(report)["subject_signature"]["cause"]
    assert "the requester's own service account" in str(report)
    assert "AAAA" not in str(report)


def test_token__of_a_provider_whose_tokens_are_opaque(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """Nothing can be told of it but whose it may be."""
    with double(settings):
        settings.KC_EXCHANGE["PROVIDERS"] = {
            "github": {"KIND": "github", "AUDIENCES": ["*"]}
        }
        report = examined("--audience", "orders-api", token="gho_0123456789")

    assert "Taken for one of github." in findings(report)["holds"]["cause"]
    assert "gho_0123456789" not in str(report)


def test_token__of_a_provider(settings: Any, examined: Callable[..., Any]) -> None:
    """Its issuer is one of PROVIDERS."""
    issuer = "https://accounts.example.com"
    with double(settings):
        settings.KC_EXCHANGE["PROVIDERS"] = {
            "partner": {"ISSUER": issuer, "AUDIENCES": ["app"]}
        }
        report = examined(token=token_of(issuer, typ="ID"))

    assert "of the identity provider partner" in findings(report)["holds"]["cause"]
    about = "downstream orders-api"
    exchange = next(f for f in report["findings"] if f["about"] == about)
    assert "the requester's own service account" in exchange["cause"]


def test_token__without_a_service_account(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """The clock is compared by the first token that an exchange brings."""
    text = "Client not enabled to retrieve service account"
    with double(settings, own=refuses(401, "unauthorized_client", text)) as server:
        token = token_of(server.issuer)
        report = examined("--audience", "orders-api", token=token)
        without = examined("--audience", "orders-api")

    clock = [f["about"] for f in report["findings"] if f["step"] == "clock"]
    assert clock == ["realm default"]
    assert "no service account to take its place" in str(without)
