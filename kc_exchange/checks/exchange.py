"""Checks of delegated calls, and of the dictionary as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import Tags, register

from kc_exchange import capture, conf
from kc_exchange.capture import realms
from kc_exchange.checks.message import error, warning
from kc_exchange.checks.project import is_function, misplaced
from kc_exchange.exceptions import ExchangeMisconfigured
from kc_exchange.exchange.client_auth import public_jwk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage

_MIDDLEWARE = "kc_exchange.middleware.UserTokenMiddleware"
_BEFORE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)
_EXAMPLES = ("change-me", "changeme", "demo-secret", "example")
_SHORTEST_SECRET = 16
_LONGEST_DEADLINE = 10.0
_BY_HOST = "kc_exchange.capture.realm_by_host"
_USED: dict[str, set[str]] = {
    "exchange": {"AUDIENCE", "SCOPES"},
    "cross-realm": {"AUDIENCE", "SCOPES", "SUBJECT_ISSUER"},
    "external": {"AUDIENCE", "SCOPES", "SUBJECT_ISSUER"},
    "jwt-grant": {"AUDIENCE", "SCOPES", "SUBJECT_ISSUER", "ASSERTION_SCOPES"},
    "linked": {"REQUESTED_ISSUER"},
    "forward": set(),
    "service-account": {"AUDIENCE", "SCOPES"},
}
"""Settings of a downstream that its strategy looks at."""
_OPTIONAL = {"REQUESTED_ISSUER"}.union(*_USED.values())


@register(Tags.security)
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """E001-E038: the dictionary; E012-E016, W001-W006, W024-W026: what is around it."""
    problems = conf.problems()
    if problems:
        return [error(p.number, p.message, p.hint) for p in problems]
    parsed = conf.current()
    return [
        *_paths(parsed),
        *_middleware(parsed),
        *_secrets(parsed),
        *_private_keys(parsed),
        *_sessions(),
        *_downstreams(),
        *_realms(parsed),
        *_providers(parsed),
        *_plain_http(),
    ]


def _paths(parsed: conf.Settings) -> Iterator[CheckMessage]:
    for setting, path in [
        *(("CAPTURE", path) for path in parsed.capture),
        ("USER_FROM_CLAIMS", parsed.user_from_claims),
        ("REALM_OF_REQUEST", parsed.realm_of_request),
    ]:
        if not is_function(path):
            yield error(
                "E012",
                f"KC_EXCHANGE[{setting!r}]: {path!r} is no function.",
                "Give the dotted path of a function that can be imported.",
            )


def _middleware(parsed: conf.Settings) -> Iterator[CheckMessage]:
    installed = list(settings.MIDDLEWARE)
    kinds = {downstream.strategy for downstream in parsed.downstreams.values()}
    if _MIDDLEWARE not in installed and kinds <= {"service-account"}:
        return
    if _MIDDLEWARE not in installed:
        yield warning(
            "W002",
            f"{_MIDDLEWARE} is not in MIDDLEWARE: views have no user's token.",
            f"Add it after {_BEFORE[-1]}; leave it out where only scripts call "
            "downstreams, and silence this check.",
        )
        return
    yield from misplaced("E013", _MIDDLEWARE, _BEFORE)


def _secrets(parsed: conf.Settings) -> Iterator[CheckMessage]:
    for realm in parsed.realms.values():
        if not realm.has_secret or not realm.client_auth.startswith("client_secret"):
            continue
        name = "CLIENT_SECRET_FILE" if realm.client_secret_file else "CLIENT_SECRET"
        where = f"KC_EXCHANGE['REALMS'][{realm.alias!r}][{name!r}]"
        try:
            secret = conf.client_secret(realm)
        except ExchangeMisconfigured as failure:
            yield error("E032", failure.cause, failure.fix)
            continue
        if any(example in secret.lower() for example in _EXAMPLES):
            kind = warning if settings.DEBUG else error
            yield kind(
                "W003" if settings.DEBUG else "E014",
                f"{where} is the example's.",
                "Regenerate it at Keycloak (Clients > Credentials), and read it from "
                "the environment.",
            )
        elif len(secret) < _SHORTEST_SECRET:
            yield warning(
                "W004",
                f"{where} has fewer than {_SHORTEST_SECRET} characters.",
                "Let Keycloak generate it: Clients > Credentials > Regenerate.",
            )


def _private_keys(parsed: conf.Settings) -> Iterator[CheckMessage]:
    for realm in parsed.realms.values():
        if realm.client_auth == "private_key_jwt" and realm.private_key.strip():
            try:
                public_jwk(realm)
            except ExchangeMisconfigured as failure:
                yield error("E016", failure.cause, failure.fix)


def _sessions() -> Iterator[CheckMessage]:
    if capture.uses_cookie_sessions():
        yield error(
            "E015",
            "SESSION_ENGINE keeps the session in the cookie: a copy of it stays valid "
            "after logout, and tokens would leave the server.",
            "Use a server-side engine, such as django.contrib.sessions.backends.db.",
        )


def _downstreams() -> Iterator[CheckMessage]:
    raw: dict[str, Any] = settings.KC_EXCHANGE
    for name, downstream in raw.get("DOWNSTREAMS", {}).items():
        strategy = downstream.get("STRATEGY", "exchange")
        ignored = sorted(set(downstream) & _OPTIONAL - _USED[strategy])
        if ignored:
            yield warning(
                "W006",
                f"Downstream {name!r} is of STRATEGY {strategy!r}: "
                f"{', '.join(ignored)} changes nothing.",
                "Leave it out, or use another STRATEGY.",
            )


def _realms(parsed: conf.Settings) -> Iterator[CheckMessage]:
    by_host = parsed.realm_of_request == _BY_HOST
    if by_host and not any(realm.hosts for realm in parsed.realms.values()):
        yield warning(
            "W024",
            "REALM_OF_REQUEST goes by the host, and no realm has HOSTS: every token "
            "and every login is refused.",
            "Give each of REALMS whose users come here its HOSTS.",
        )
    by_issuer = parsed.realm_of_request == realms.BY_ISSUER
    if by_issuer and any(realm.hosts for realm in parsed.realms.values()):
        yield warning(
            "W026",
            "HOSTS say which realm's address it is, and REALM_OF_REQUEST goes by the "
            "issuer: users of every realm come in at every address.",
            f"Set REALM_OF_REQUEST to {_BY_HOST!r}, or write USERS in place of HOSTS.",
        )
    for realm in parsed.realms.values():
        if realm.deadline > _LONGEST_DEADLINE:
            yield warning(
                "W005",
                f"DEADLINE of realm {realm.alias!r} is {realm.deadline:g} s: while "
                "Keycloak is away, each request waits that long.",
                "Three seconds are plenty.",
            )


def _providers(parsed: conf.Settings) -> Iterator[CheckMessage]:
    for provider in parsed.providers.values():
        if conf.ANY in provider.audiences and provider.issuer:
            yield warning(
                "W025",
                f"AUDIENCES of provider {provider.alias!r} is ['*']: whoever runs any "
                "app that people log in to by it can come here as them.",
                "List the provider's client ids of your own apps.",
            )


def _plain_http() -> Iterator[CheckMessage]:
    raw: dict[str, Any] = settings.KC_EXCHANGE
    groups = ("REALMS", "DOWNSTREAMS")
    for group, name in [(g, n) for g in groups for n in raw.get(g, {})]:
        if raw[group][name].get("ALLOW_PLAIN_HTTP") is True and not settings.DEBUG:
            yield warning(
                "W001",
                f"KC_EXCHANGE[{group!r}][{name!r}] allows plain http.",
                "Keep it only where the network itself encrypts (a service mesh).",
            )
