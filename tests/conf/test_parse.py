"""Every mistake in `KC_EXCHANGE` has a number, a cause and a fix."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from kc_exchange import conf
from kc_exchange.conf.parse import parse
from kc_exchange.exceptions import UnknownDownstream, UnknownProvider
from tests.servers.proofs import ODD_PEM, key_pem

GOOD: dict[str, Any] = {
    "REALMS": {
        "default": {
            "ISSUER": "https://id.example.com/realms/acme",
            "CLIENT_ID": "django-app",
            "CLIENT_SECRET": "0123456789abcdef",
        }
    },
    "DOWNSTREAMS": {
        "orders-api": {"BASE_URL": "https://orders.internal", "SCOPES": ["a", "b"]}
    },
}


SHARED = {"ALIAS": "default"}
NOT_UTF8 = "the-secret-of-latin-1-\udcff"
"""As `os.environ` gives a variable that is no UTF-8."""


def changed(*where: str, value: Any) -> dict[str, Any]:
    raw: dict[str, Any] = copy.deepcopy(GOOD)
    place = raw
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    return raw


def realm(key: str, value: Any) -> dict[str, Any]:
    return changed("REALMS", "default", key, value=value)


def downstream(key: str, value: Any) -> dict[str, Any]:
    return changed("DOWNSTREAMS", "orders-api", key, value=value)


def provider(**changes: Any) -> dict[str, Any]:
    google = {"ISSUER": "https://id.google.example", "AUDIENCES": ["app"], **changes}
    return {**GOOD, "PROVIDERS": {"google": google}}


def two_realms(**other: Any) -> dict[str, Any]:
    raw = realm("HOSTS", ["a.example.com"])
    raw["REALMS"]["other"] = {
        "ISSUER": "https://id.example.com/realms/other",
        "CLIENT_ID": "django-app",
        **other,
    }
    return raw


def test_parse__good() -> None:
    """Defaults fill what is not said; BASE_URL ends with a slash."""
    parsed, problems = parse(GOOD, debug=False)

    assert problems == []
    assert parsed is not None
    assert parsed.realms["default"].audiences == {"django-app"}
    assert parsed.downstreams["orders-api"].base_url == "https://orders.internal/"
    assert parsed.downstreams["orders-api"].audience == "orders-api"
    assert parsed.downstreams["orders-api"].strategy == "exchange"
    assert parsed.leeway == 10


def test_parse__issuer_that_is_encoded() -> None:
    """As Keycloak writes it into tokens, and as the hint about another says."""
    encoded = "https://id.example.com/realms/caf%C3%A9%20(1)!~"

    assert parse(realm("ISSUER", encoded), debug=False)[1] == []
    raw = realm("ISSUER", "https://id.example.com/realms/café (1)!~")
    assert repr(encoded) in parse(raw, debug=False)[1][0].hint


@pytest.mark.parametrize(
    "url",
    [
        "https://orders.internal:8443/v1/",
        "https://my_orders",
        "https://10.0.0.1/",
        "https://[::1]:8443/",
        "https://xn--rders-jua.internal/caf%C3%A9/",
    ],
)
def test_parse__url_that_is_one(url: str) -> None:
    assert parse(downstream("BASE_URL", url), debug=False)[1] == []


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("https://orders.internal/\n", "'https://orders.internal/'"),
        (" https://orders.internal/", "'https://orders.internal/'"),
        ("https://orders.internal/a b/", "'https://orders.internal/a%20b/'"),
        ("https://orders\n.internal/", "https://host/path"),
        ("https://orders internal/", "https://host/path"),
        ("https://.internal/", "https://host/path"),
        ("https://*.internal/", "https://host/path"),
        ("https://örders.internal/", "host in ASCII"),
        ("https://u:pass word@orders.internal/", "without user"),
    ],
)
def test_parse__url_that_requests_or_others_refuse(url: str, hint: str) -> None:
    """`urlsplit` drops line breaks, and blanks around, before it looks."""
    (problem,) = parse(downstream("BASE_URL", url), debug=False)[1]

    assert problem.number == "E008"
    assert hint in problem.hint
    assert "pass" not in problem.message + problem.hint


@pytest.mark.parametrize(
    "raw",
    [
        realm("CLIENT_SECRET", NOT_UTF8),
        realm("CLIENT_SECRET", "the-secret-with-\0"),
        realm("PRIVATE_KEY", NOT_UTF8),
        realm("AUTHORIZED_PARTIES", [NOT_UTF8]),
        realm("CA_BUNDLE", "ca\0.pem"),
        realm("CERTIFICATE", NOT_UTF8),
        realm("ISSUER", f"https://id.example.com/{NOT_UTF8}"),
        realm("CLIENT_SECRET_FILE", "secret\0") | {"DOWNSTREAMS": {}},
        provider(CLIENT_SECRET=NOT_UTF8),
        {**GOOD, "CAPTURE": [f"a.{NOT_UTF8}"]},
        {**GOOD, "SHARED_CACHE": {**SHARED, "KEYS": [NOT_UTF8 * 2]}},
    ],
)
def test_parse__text_that_nothing_takes(settings: Any, raw: Any) -> None:
    """Whatever encoded it later would quote it, and a secret with it."""
    settings.KC_EXCHANGE = raw
    problem = conf.problems()[0]

    assert problem.number == "E011"
    with pytest.raises(ImproperlyConfigured) as caught:
        conf.current()
    assert "the-secret" not in repr(caught.value) + problem.hint


@pytest.mark.parametrize("key", ["AUTHORIZED_PARTIES", "AUDIENCES", "HOSTS"])
@pytest.mark.parametrize("made", [iter, lambda words: map(str.strip, words)])
def test_parse__list_that_can_be_read_once(settings: Any, key: str, made: Any) -> None:
    """The checks would see its words, and the code that asks later none."""
    settings.KC_EXCHANGE = realm(key, made(["web", "mobile"]))

    for _ in range(2):
        (problem,) = conf.problems()
        assert problem.number == "E011"
        assert "list(...)" in problem.hint
    with pytest.raises(ImproperlyConfigured, match="is not a list"):
        conf.current()


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_parse__list_of_words(kind: Any) -> None:
    parsed, problems = parse(
        realm("AUTHORIZED_PARTIES", kind(["web", "mobile"])), debug=False
    )

    assert problems == []
    assert parsed is not None
    assert parsed.realm("default").authorized_parties == {"web", "mobile"}


def test_parse__hides_secrets() -> None:
    """No repr of the settings shows the secret or the key."""
    raw = realm("PRIVATE_KEY", "-----BEGIN")
    parsed, _ = parse(raw, debug=False)

    assert "0123456789abcdef" not in repr(parsed)
    assert "BEGIN" not in repr(parsed)


@pytest.mark.parametrize(
    ("number", "raw", "says"),
    [
        ("E001", None, "KC_EXCHANGE is missing"),
        ("E001", [], "is not a dictionary"),
        ("E001", {**GOOD, "REALMS": []}, "['REALMS'] is not a dictionary"),
        ("E002", {**GOOD, "DOWNSTREAM": {}}, "'DOWNSTREAM'"),
        ("E002", realm("SECRET", "x"), "'SECRET'"),
        ("E002", downstream("URL", "x"), "'URL'"),
        ("E003", {**GOOD, "REALMS": {}}, "no realm 'default'"),
        ("E003", realm("ISSUER", ""), "is missing"),
        ("E003", realm("ISSUER", "id.example.com"), "is not a URL"),
        ("E003", realm("ISSUER", "https://u:p@id.example.com/"), "is not a URL"),
        ("E003", realm("ISSUER", "https://id.example.com/?x"), "is not a URL"),
        ("E003", realm("ISSUER", "https://id.example.com:no/"), "is not a URL"),
        (
            "E003",
            realm("ISSUER", "https://id.example.com/realms/my realm"),
            "characters that no URL has",
        ),
        (
            "E003",
            realm("ISSUER", "https://id.example.com/realms/café"),
            "characters that no URL has",
        ),
        ("E004", realm("ISSUER", "http://id.example.com/realms/a"), "plain http"),
        ("E004", downstream("BASE_URL", "http://orders.internal/"), "plain http"),
        ("E005", realm("CLIENT_ID", " "), "is missing"),
        ("E006", realm("CLIENT_SECRET", ""), "is missing"),
        ("E006", realm("CLIENT_AUTH", "private_key_jwt"), "['PRIVATE_KEY']"),
        ("E006", realm("CLIENT_AUTH", "tls_client_auth"), "['CERTIFICATE']"),
        ("E007", realm("CLIENT_AUTH", "password"), "is 'password'"),
        ("E008", downstream("BASE_URL", ""), "is missing"),
        ("E009", downstream("STRATEGY", "swap"), "is 'swap'"),
        ("E010", downstream("REALM", "other"), "is 'other'"),
        ("E011", realm("DEADLINE", 0), "out of range"),
        ("E011", realm("DEADLINE", True), "out of range"),
        ("E011", downstream("ACCEPT_BARE_401", "true"), "is not a truth value"),
        ("E011", realm("CLIENT_ID", 5), "is not a string"),
        ("E011", realm("AUDIENCES", "django-app"), "is not a list"),
        ("E011", downstream("SCOPES", "a b"), "is not a list"),
        ("E011", downstream("SCOPES", ["a", ""]), "something else"),
        ("E011", downstream("SCOPES", {"a": "b"}), "is not a list"),
        ("E011", downstream("AUDIENCE", ""), "is empty"),
        ("E011", downstream("AUDIENCE", " "), "is empty"),
        ("E011", downstream("TIMEOUT", "5"), "no time in seconds"),
        ("E011", downstream("TIMEOUT", (1, 2, 3)), "no time in seconds"),
        ("E011", {**GOOD, "LEEWAY": 61}, "out of range"),
        ("E011", {**GOOD, "CACHE_SIZE": 0}, "out of range"),
        ("E011", {**GOOD, "CAPTURE": 5}, "dotted paths"),
        ("E006", two_realms(HOSTS=["b.example.com"]), "['CLIENT_SECRET']"),
        ("E026", downstream("SUBJECT_ISSUER", 5), "no alias"),
        ("E026", downstream("SUBJECT_ISSUER", {"default": ""}), "no alias"),
        ("E026", downstream("SUBJECT_ISSUER", NOT_UTF8), "no alias"),
        ("E026", downstream("SUBJECT_ISSUER", {"other": "b"}), "['other']"),
        ("E026", downstream("STRATEGY", "external"), "none of PROVIDERS"),
        ("E027", downstream("STRATEGY", "linked"), "is missing"),
        ("E028", downstream("STRATEGY", "cross-realm"), "['REALM'] is missing"),
        ("E028", downstream("STRATEGY", "jwt-grant"), "['REALM'] is missing"),
        ("E029", provider(KIND="saml"), "is 'saml'"),
        ("E029", provider(ISSUER=""), "is missing"),
        ("E029", provider(AUDIENCES=[]), "is missing"),
        ("E029", provider(TOKEN_TYPE="refresh_token"), "is 'refresh_token'"),
        ("E029", provider(KIND="github", TOKEN_TYPE="id_token"), "is 'id_token'"),
        ("E002", provider(SCOPES=[]), "'SCOPES'"),
        ("E002", {**GOOD, "REALM_FILES": {"other": []}}, "'other'"),
        ("E011", {**GOOD, "REALM_FILES": {"default": "a.json"}}, "list of strings"),
        ("E010", provider(REALM="other"), "is 'other'"),
        ("E030", downstream("ACTOR", "alice"), "is 'alice'"),
        ("E031", two_realms(HOSTS=["a.example.com"], CLIENT_SECRET="x"), "several"),
        ("E031", two_realms(HOSTS=["b.example.com:80"], CLIENT_SECRET="x"), "a host"),
        ("E031", two_realms(HOSTS=["b.example.com."], CLIENT_SECRET="x"), "a host"),
        ("E011", two_realms(USERS="yes", CLIENT_SECRET="x"), "truth"),
        ("E026", downstream("SUBJECT_ISSUER", {"*": "acme"}), "['*']"),
        ("E011", {**GOOD, "REFUSED_SECONDS": 29}, "out of range"),
        ("E011", {**GOOD, "REFUSED_SECONDS": 61}, "out of range"),
        ("E011", realm("MAX_IN_FLIGHT", 0), "out of range"),
        ("E032", realm("CLIENT_SECRET_FILE", "/run/secret"), "CLIENT_SECRET too"),
        ("E033", downstream("DPOP", True), "['DPOP_KEY'] is missing"),
        ("E034", realm("DPOP_KEY", "nonsense"), "no private key"),
        ("E034", realm("DPOP_KEY", ODD_PEM), "no private key"),
        ("E011", downstream("DPOP", "yes"), "is not a truth value"),
        ("E036", downstream("CERTIFICATE_KEY", "key.pem"), "has no CERTIFICATE"),
        ("E037", {**GOOD, "SHARED_CACHE": {}}, "is missing"),
        ("E037", {**GOOD, "SHARED_CACHE": {"ALIAS": "other"}}, "is 'other'"),
        ("E038", {**GOOD, "SHARED_CACHE": {**SHARED, "KEYS": ["x"]}}, "too short"),
        ("E011", {**GOOD, "SHARED_CACHE": {**SHARED, "LOCAL_SECONDS": 61}}, "range"),
        ("E011", {**GOOD, "SHARED_CACHE": {**SHARED, "TIMEOUT": 5}}, "range"),
        ("E002", {**GOOD, "SHARED_CACHE": {**SHARED, "TTL": 5}}, "'TTL'"),
    ],
)
def test_parse__mistake(number: str, raw: Any, says: str) -> None:
    """A mistake is named where it stands, with what to do."""
    parsed, problems = parse(raw, debug=False)

    assert parsed is None
    assert number in [p.number for p in problems]
    found = next(p for p in problems if p.number == number)
    assert says in found.message
    assert found.hint


@pytest.mark.parametrize(
    ("number", "changes", "says"),
    [
        ("E035", {"DPOP": True, "STRATEGY": "forward"}, "STRATEGY 'forward'"),
        (
            "E035",
            {"DPOP": True, "STRATEGY": "linked", "REQUESTED_ISSUER": "github"},
            "STRATEGY 'linked'",
        ),
        (
            "E036",
            {"CERTIFICATE": "a.pem", "BASE_URL": "http://127.0.0.1/"},
            "goes with plain http",
        ),
    ],
)
def test_downstream__cannot_be_sender_constrained(
    number: str, changes: dict[str, Any], says: str
) -> None:
    """What does not go together is told by its own number."""
    raw = realm("DPOP_KEY", key_pem())
    raw["DOWNSTREAMS"]["orders-api"] |= changes

    (problem,) = parse(raw, debug=False)[1]

    assert problem.number == number
    assert says in problem.message


def test_dpop_key__is_asked_of_whoever_asks() -> None:
    """Of the realm that is named, else of the users' realms and the impersonator's."""

    def missing(**changes: Any) -> list[str]:
        raw = two_realms(CLIENT_SECRET="0123456789abcdef", USERS=False)
        raw["DOWNSTREAMS"]["orders-api"]["DPOP"] = True
        raw |= changes.pop("TOP", {})
        raw["DOWNSTREAMS"]["orders-api"] |= changes
        problems = parse(raw, debug=False)[1]
        assert {p.number for p in problems} == {"E033"}
        return [p.message.split("'")[3] for p in problems]

    assert missing() == ["default"]
    assert missing(REALM="other") == ["other"]
    assert missing(TOP={"IMPERSONATION": {"REALM": "other"}}) == ["default", "other"]


def test_shared_cache__has_djangos_own_keys(settings: Any) -> None:
    """Without KEYS it seals under SECRET_KEY, and opens what came before it."""
    settings.SECRET_KEY_FALLBACKS = ["former"]
    shared = parse({**GOOD, "SHARED_CACHE": SHARED}, debug=False)[0].shared_cache  # type: ignore[union-attr]

    assert shared is not None
    assert shared.keys == (settings.SECRET_KEY, "former")
    assert settings.SECRET_KEY not in repr(shared)


def test_parse__that_only_takes_tokens() -> None:
    """Who asks Keycloak for nothing needs no credential."""
    raw = realm("CLIENT_SECRET", "") | {"DOWNSTREAMS": {}}

    assert parse(raw, debug=False)[1] == []


@pytest.mark.parametrize(
    ("raw", "debug"),
    [
        (realm("ISSUER", "http://id.internal/realms/a"), True),
        (realm("ISSUER", "http://localhost:8080/realms/a"), False),
        (realm("ISSUER", "http://127.0.0.1:8080/realms/a"), False),
        (
            changed(
                "REALMS",
                "default",
                value={
                    **GOOD["REALMS"]["default"],
                    "ISSUER": "http://id.internal/realms/a",
                    "ALLOW_PLAIN_HTTP": True,
                },
            ),
            False,
        ),
    ],
)
def test_parse__plain_http_where_it_may_be(raw: Any, debug: bool) -> None:
    """Under DEBUG, on this machine, or where the setting says so."""
    assert parse(raw, debug=debug)[1] == []


def test_current__follows_the_settings(settings: Any) -> None:
    """What is read is what the setting says now, parsed once."""
    settings.KC_EXCHANGE = GOOD
    first = conf.current()
    settings.KC_EXCHANGE = realm("CLIENT_ID", "other")

    assert first.realms["default"].client_id == "django-app"
    assert conf.current().realms["default"].client_id == "other"
    assert conf.current() is conf.current()


def test_current__raises_for_mistake(settings: Any) -> None:
    """The first mistake stops whoever needs the settings, with cause and fix."""
    settings.KC_EXCHANGE = realm("ISSUER", "")

    with pytest.raises(ImproperlyConfigured, match=r"is missing.*Fix:.*E003"):
        conf.current()


def test_downstream__unknown(settings: Any) -> None:
    """An unknown name lists those that are known."""
    settings.KC_EXCHANGE = GOOD

    with pytest.raises(UnknownDownstream, match=r"'nope'.*\['orders-api'\]"):
        conf.current().downstream("nope")
    with pytest.raises(ImproperlyConfigured, match=r"no realm 'nope'"):
        conf.current().realm("nope")


def test_parse__issuers_of_a_downstream() -> None:
    """The alias of the user's realm stands for it, unless the settings name another."""
    raw = two_realms(HOSTS=["b.example.com"], CLIENT_SECRET="x")
    plain = {
        "STRATEGY": "cross-realm",
        "REALM": "other",
        "BASE_URL": "https://a.internal",
    }
    raw["DOWNSTREAMS"] = {
        "plain": plain,
        "named": {**plain, "SUBJECT_ISSUER": "acme"},
        "mapped": {**plain, "SUBJECT_ISSUER": {"default": "acme", "other": "rest"}},
    }
    parsed, problems = parse(raw, debug=False)

    assert problems == []
    assert parsed is not None
    found = {
        name: [one.subject_issuer(alias) for alias in ("default", "other")]
        for name, one in parsed.downstreams.items()
    }
    assert found == {
        "plain": ["default", "other"],
        "named": ["acme", "other"],
        "mapped": ["acme", "rest"],
    }


def test_parse__provider() -> None:
    """Two kinds are known; an external downstream is of its provider's realm."""
    raw = two_realms(HOSTS=["b.example.com"], CLIENT_SECRET="x")
    raw["PROVIDERS"] = {
        "google": {"KIND": "google", "AUDIENCES": ["app"], "REALM": "other"},
        "github": {"KIND": "github", "AUDIENCES": ["*"]},
    }
    raw["DOWNSTREAMS"]["orders-api"] |= {
        "STRATEGY": "external",
        "SUBJECT_ISSUER": "google",
    }
    parsed, problems = parse(raw, debug=False)

    assert problems == []
    assert parsed is not None
    assert parsed.downstreams["orders-api"].realm == "other"
    assert parsed.provider("google").issuer == "https://accounts.google.com"
    assert parsed.provider("github").issuer == ""
    assert parsed.provider("github").token_type == "access_token"
    raw["DOWNSTREAMS"]["orders-api"]["REALM"] = "default"
    assert [p.number for p in parse(raw, debug=False)[1]] == ["E028"]
    with pytest.raises(UnknownProvider, match=r"'nope'.*\['github', 'google'\]"):
        parsed.provider("nope")


@pytest.mark.parametrize(
    ("strategy", "issuer", "numbers"),
    [
        ("exchange", "acme", {"E033"}),
        ("service-account", "acme", set()),
        ("exchange", "other", set()),
    ],
)
def test_proof_key__of_the_client_that_impersonates(
    strategy: str, issuer: str, numbers: set[str]
) -> None:
    """Under a grant it asks for the tokens of each downstream of its issuer."""
    raw = realm("DPOP_KEY", key_pem())
    own = {"ISSUER": f"https://id.example.com/realms/{issuer}", "USERS": False}
    raw["REALMS"]["support"] = raw["REALMS"]["default"] | own | {"CLIENT_ID": "support"}
    del raw["REALMS"]["support"]["DPOP_KEY"]
    bound = {"DPOP": True, "REALM": "default", "STRATEGY": strategy}
    raw["DOWNSTREAMS"]["orders-api"] |= bound
    raw["IMPERSONATION"] = {"REALM": "support"}

    _, problems = parse(raw, debug=False)

    assert {p.number for p in problems} == numbers
    assert all("['support']['DPOP_KEY']" in p.message for p in problems)


def test_settings__are_not_pickled() -> None:
    """A pickle, as of a task's arguments, would hold keys and secrets in the clear."""
    raw = provider(CLIENT_SECRET="s") | {"SHARED_CACHE": {**SHARED, "KEYS": ["k" * 40]}}
    settings = parse(raw, debug=False)[0]
    assert settings is not None

    for one in (
        settings,
        settings.realm("default"),
        settings.provider("google"),
        settings.shared_cache,
    ):
        with pytest.raises(TypeError, match="is not pickled"):
            pickle.dumps(one)
    assert pickle.dumps(settings.downstream("orders-api"))
