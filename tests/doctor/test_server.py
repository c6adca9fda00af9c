"""Servers that no Keycloak of today is: old, slow, away, or something else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.doctor.double import NO_LEGACY, PATHS, double, owns, refuses
from tests.servers.acts import closes, grants, replies, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.acts import Act

INVALID = refuses(400, "invalid_request", "Invalid token")
OFF = refuses(400, "unsupported_grant_type", "Unsupported grant_type")
FAILED = refuses(500, "unknown_error", "For more on this error consult the server log.")


def codes(report: dict[str, Any]) -> dict[str, str]:
    """Return the codes of what does not hold, with their states."""
    return {f["code"]: f["state"] for f in report["findings"] if f["state"] != "ok"}


def test_doctor__of_a_double_that_is_as_it_should_be(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """The tests below change one answer of it each."""
    with double(settings):
        report = examined("--audience", "orders-api")

    assert codes(report) == {"not_examined": "unknown"}


@pytest.mark.parametrize(
    ("answers", "code", "state"),
    [
        ({"keys": replies("{}")}, "keys_unusable", "wrong"),
        ({"keys": replies("", 503)}, "keys_unusable", "wrong"),
        ({"keys": closes}, "unreachable", "wrong"),
        ({"own": replies("{}", 503)}, "server_error", "wrong"),
        ({"own": replies("{}", 429)}, "throttled", "wrong"),
        ({"own": replies("", 302, "Location: /")}, "redirected", "wrong"),
        ({"own": replies("<html>", kind="text/html")}, "not_keycloak", "wrong"),
        ({"own": replies("no", 404, kind="text/plain")}, "not_keycloak", "wrong"),
        ({"own": silent}, "deadline_passed", "wrong"),
        ({"features": OFF}, "exchange_off", "wrong"),
        ({"features": FAILED}, "not_examined", "unknown"),
        ({"size": INVALID}, "cve_2026_9704", "wrong"),
        ({"size": FAILED}, "cve_2026_9704", "wrong"),
        ({"size": replies("", 413, kind="text/html")}, "not_examined", "unknown"),
        ({"exchange": FAILED}, "server_failed", "wrong"),
        ({"exchange": grants(claims={"iss": "x"})}, "reply_differs", "wrong"),
        ({"exchange": grants(claims={"aud": ["a", "b"]})}, "audience_differs", "wrong"),
        ({"exchange": grants(claims={"sub": "bob"})}, "user_differs", "wrong"),
        ({"exchange": grants({"token_type": "DPoP"})}, "token_not_bearer", "wrong"),
        ({"exchange": grants(claims={"exp": 1})}, "clock_differs", "wrong"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_doctor__of_another_answer(
    settings: Any,
    examined: Callable[..., Any],
    answers: dict[str, Act],
    code: str,
    state: str,
) -> None:
    """Each has its finding, with a fix, and what cannot be examined then is said."""
    with double(settings, **answers):
        report = examined("--audience", "orders-api")

    found = [f for f in report["findings"] if f["code"] == code]
    assert found
    assert found[0]["state"] == state
    assert found[0]["fix"] or state == "unknown"


@pytest.mark.parametrize(
    ("seconds", "words"), [(120, "ahead of"), (-120, "behind"), (5, "Less than 10 s")]
)
def test_doctor__compares_the_clock_of_a_new_token(
    settings: Any, examined: Callable[..., Any], seconds: int, words: str
) -> None:
    """Keycloak sends no `Date`; a token that it just issued has the time."""
    now = int(time.time()) + seconds
    own = owns(iat=now, exp=int(time.time()) + 300)
    with double(settings, own=own):
        report = examined("--audience", "orders-api")

    (clock,) = [f for f in report["findings"] if f["step"] == "clock"]
    assert words in clock["cause"]
    assert (clock["code"] == "clock_differs") is (abs(seconds) > 10)


def test_doctor__compares_the_clock_of_a_proxy(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """Without a service account the header `Date` tells, where there is one."""
    text = "Client not enabled to retrieve service account"
    date = "Date: Thu, 01 Jan 2026 00:00:00 GMT"
    own = refuses(401, "unauthorized_client", text, date)
    with double(settings, own=own):
        report = examined("--audience", "orders-api")

    (clock,) = [f for f in report["findings"] if f["step"] == "clock"]
    assert clock["code"] == "clock_differs"
    assert "behind this machine's" in clock["cause"]


def test_doctor__of_an_old_server_that_impersonates(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """What behaviour bounds the release to is older than the other fix, too."""
    with double(settings, features=INVALID, size=INVALID):
        report = examined()

    found = codes(report)
    assert found["cve_2026_17526"] == "wrong"
    assert found["cve_2026_9704"] == "wrong"


def test_doctor__of_a_server_without_the_feature_that_a_strategy_needs(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """It is wrong though nobody's token is there to try it with."""
    text = "Client not enabled to retrieve service account"
    with double(settings, own=refuses(401, "unauthorized_client", text)):
        orders = settings.KC_EXCHANGE["DOWNSTREAMS"]["orders-api"]
        del orders["SCOPES"]
        orders |= {"STRATEGY": "linked", "REQUESTED_ISSUER": "github"}
        report = examined("--audience", "orders-api")

    (found,) = [f for f in report["findings"] if f["code"] == "legacy_off"]
    assert (found["about"], found["step"]) == ("realm default", "features")
    assert found["cause"].endswith("the only one for: linked.")
    assert report["exit_code"] == 1
    assert "exchanges nothing" not in str(report)


def test_doctor__of_other_paths(settings: Any, examined: Callable[..., Any]) -> None:
    """A server that is no Keycloak at all, and speaks OpenID Connect."""
    with double(settings) as server:
        server.discovery = {"token_endpoint": f"{server.issuer}/oauth2/token"}
        report = examined("--audience", "orders-api")

    assert codes(report)["not_keycloaks_paths"] == "warning"


def test_doctor__of_endpoints_with_another_scheme(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """Behind a proxy that is not believed, Keycloak names its endpoints by http."""
    with double(settings) as server:
        server.discovery = {"token_endpoint": f"ftp://127.0.0.1/{PATHS}/token"}
        report = examined("--audience", "orders-api")

    (found,) = [f for f in report["findings"] if f["code"] == "endpoint_unusable"]
    assert "--proxy-headers" in found["fix"]


def test_doctor__of_a_slow_server(settings: Any, examined: Callable[..., Any]) -> None:
    """A document that takes more than half of DEADLINE is worth a word."""
    with double(settings) as server:
        settings.KC_EXCHANGE["REALMS"]["default"]["DEADLINE"] = 0.5
        server.pause = 0.3
        report = examined("--audience", "orders-api")

    (found,) = [f for f in report["findings"] if f["code"] == "slow"]
    assert found["state"] == "warning"
    assert "DEADLINE is 0.5 s" in found["cause"]


def test_doctor__says_what_it_could_not_examine(
    settings: Any, doctor: Callable[..., Any]
) -> None:
    """After the first thing that is wrong, each later step says why it was left out."""
    with double(settings) as server:
        server.discovery = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
        code, out = doctor("--audience", "orders-api")

    assert code == 1
    assert "there is no discovery document" in out
    said = " ".join(out.split())
    assert "something is wrong with the realm default: see there" in said
    assert "no service account to take its place" not in said
    for step in ("keys", "client authentication", "features", "requester", "release"):
        assert f"unknown  {step}: Not examined" in out
    assert NO_LEGACY not in out
