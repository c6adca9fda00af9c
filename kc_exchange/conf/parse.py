"""Turn the `KC_EXCHANGE` dictionary into values, and its mistakes into problems."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlsplit

from kc_exchange.conf.values import ClientAuth, Downstream, Realm, Settings, Strategy

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TOP = {"REALMS", "DOWNSTREAMS", "CAPTURE", "USER_FROM_CLAIMS", "LEEWAY", "CACHE_SIZE"}
REALM = {
    "ISSUER", "CLIENT_ID", "CLIENT_SECRET", "CLIENT_AUTH", "PRIVATE_KEY", "KEY_ID",
    "CERTIFICATE", "CERTIFICATE_KEY", "CA_BUNDLE", "DISCOVERY_URL", "DEFAULT_SCOPES",
    "DEADLINE", "AUDIENCES", "AUTHORIZED_PARTIES", "ACTORS", "ALLOW_PLAIN_HTTP",
}  # fmt: skip
DOWNSTREAM = {
    "BASE_URL", "AUDIENCE", "SCOPES", "REALM", "STRATEGY", "TIMEOUT",
    "CA_BUNDLE", "ACCEPT_BARE_401", "ALLOW_PLAIN_HTTP",
}  # fmt: skip
_MAX_LEEWAY = 60
_CREDENTIAL = {
    "client_secret_basic": "CLIENT_SECRET",
    "client_secret_post": "CLIENT_SECRET",
    "private_key_jwt": "PRIVATE_KEY",
    "tls_client_auth": "CERTIFICATE",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the settings; `number` is that of its system check."""

    number: str
    message: str
    hint: str


class _Reader:
    """One part of the dictionary, and what is wrong with it."""

    def __init__(self, raw: Any, where: str, found: list[Problem]) -> None:
        self.where = where
        self.found = found
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            self.wrong("E001", "is not a dictionary", "Write it as {...}.")

    def wrong(self, number: str, what: str, hint: str, key: str = "") -> None:
        where = f"{self.where}[{key!r}]" if key else self.where
        self.found.append(Problem(number, f"{where} {what}.", hint))

    def only(self, known: set[str]) -> None:
        for key in sorted(set(map(str, self.raw)) - known):
            near = difflib.get_close_matches(key, known, 1) or sorted(known)
            self.wrong("E002", "is no setting", f"Did you mean {near[0]!r}?", key)

    def text(self, key: str, default: str = "", *, number: str = "") -> str:
        value = self.raw.get(key, default)
        if not isinstance(value, str):
            self.wrong("E011", "is not a string", "Write it in quotes.", key)
            return default
        if number and not value.strip():
            self.wrong(number, "is missing", f"Set {key}.", key)
        return value

    def one_of(
        self, key: str, default: str, choices: Iterable[str], number: str
    ) -> Any:
        value = self.text(key, default)
        known = sorted(choices)
        if value not in known:
            self.wrong(number, f"is {value!r}", f"Choose one of {known}.", key)
            return default
        return value

    def words(self, key: str, default: Iterable[str] = ()) -> frozenset[str]:
        value = self.raw.get(key, default)
        if isinstance(value, str) or not isinstance(value, Iterable):
            self.wrong("E011", "is not a list", "Write ['...', '...'].", key)
            return frozenset(default)
        words = list(value)
        if not all(isinstance(w, str) and w and not w.isspace() for w in words):
            self.wrong("E011", "holds something else than words", "Strings only.", key)
            return frozenset(default)
        return frozenset(words)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        value = self.raw.get(key, default)
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            hint = f"Give a number from {low:g} to {high:g}."
            self.wrong("E011", "is out of range", hint, key)
            return default
        return float(value)

    def url(self, key: str, number: str, *, debug: bool) -> str:
        value = self.text(key, number=number)
        parts = _split(value)
        if value and parts is None:
            hint = "Write https://host/path, without user, query or fragment."
            self.wrong(number, "is not a URL", hint, key)
        elif parts is not None and not (debug or self._may_be_plain(*parts)):
            self.wrong(
                "E004",
                "is plain http: tokens would travel unencrypted",
                "Use https, or say ALLOW_PLAIN_HTTP: True where the network "
                "itself encrypts.",
                key,
            )
        return value

    def _may_be_plain(self, scheme: str, host: str) -> bool:
        allowed = self.raw.get("ALLOW_PLAIN_HTTP") is True
        return scheme == "https" or host in LOOPBACK or allowed


def _split(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    plain = not (parts.query or parts.fragment or parts.username is not None)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
        return None
    return parts.scheme, parts.hostname


def parse(raw: Any, *, debug: bool) -> tuple[Settings | None, list[Problem]]:
    """Return the settings, or None and what is wrong with them."""
    found: list[Problem] = []
    if raw is None:
        hint = "Add KC_EXCHANGE = {'REALMS': {'default': {...}}, 'DOWNSTREAMS': {...}}."
        return None, [Problem("E001", "The setting KC_EXCHANGE is missing.", hint)]
    top = _Reader(raw, "KC_EXCHANGE", found)
    top.only(TOP)
    realms = {
        alias: _realm(alias, reader, debug=debug)
        for alias, reader in _children(top, "REALMS")
    }
    if "default" not in realms:
        top.wrong("E003", "has no realm 'default'", "Add REALMS: {'default': {...}}.")
    downstreams = {
        name: _downstream(name, reader, realms, debug=debug)
        for name, reader in _children(top, "DOWNSTREAMS")
    }
    defaults = Settings(realms={}, downstreams={})
    parsed = Settings(
        realms=realms,
        downstreams=downstreams,
        capture=_paths(top, defaults.capture),
        user_from_claims=top.text("USER_FROM_CLAIMS", defaults.user_from_claims),
        leeway=int(top.number("LEEWAY", defaults.leeway, 0, _MAX_LEEWAY)),
        cache_size=int(top.number("CACHE_SIZE", defaults.cache_size, 1, 10**7)),
    )
    return (None if found else parsed), found


def _children(top: _Reader, key: str) -> list[tuple[str, _Reader]]:
    group = _Reader(top.raw.get(key, {}), f"KC_EXCHANGE[{key!r}]", top.found)
    return [
        (str(name), _Reader(raw, f"{group.where}[{name!r}]", top.found))
        for name, raw in group.raw.items()
    ]


def _paths(top: _Reader, default: tuple[str, ...]) -> tuple[str, ...]:
    value = top.raw.get("CAPTURE", default)
    paths = (value,) if isinstance(value, str) else value
    if isinstance(paths, (list, tuple)) and all(isinstance(p, str) for p in paths):
        return tuple(paths)
    top.wrong("E011", "is not a list of dotted paths", "Write ['a.b.c'].", "CAPTURE")
    return default


def _realm(alias: str, reader: _Reader, *, debug: bool) -> Realm:
    reader.only(REALM)
    client_id = reader.text("CLIENT_ID", number="E005")
    auth: ClientAuth = reader.one_of(
        "CLIENT_AUTH", "client_secret_basic", get_args(ClientAuth), "E007"
    )
    reader.text(_CREDENTIAL[auth], number="E006")
    has_elsewhere = "DISCOVERY_URL" in reader.raw
    return Realm(
        alias=alias,
        issuer=reader.url("ISSUER", "E003", debug=debug or has_elsewhere),
        client_id=client_id,
        client_secret=reader.text("CLIENT_SECRET"),
        client_auth=auth,
        private_key=reader.text("PRIVATE_KEY"),
        key_id=reader.text("KEY_ID"),
        certificate=reader.text("CERTIFICATE"),
        certificate_key=reader.text("CERTIFICATE_KEY"),
        ca_bundle=reader.text("CA_BUNDLE"),
        discovery_url=(
            reader.url("DISCOVERY_URL", "E003", debug=debug) if has_elsewhere else ""
        ),
        default_scopes=reader.words("DEFAULT_SCOPES", ("openid", "profile", "email")),
        deadline=reader.number("DEADLINE", 3.0, 0.1, 60.0),
        audiences=reader.words("AUDIENCES", (client_id,) if client_id else ()),
        authorized_parties=reader.words("AUTHORIZED_PARTIES"),
        actors=_actors(reader),
    )


def _actors(reader: _Reader) -> dict[str, frozenset[str]]:
    rules = _Reader(
        reader.raw.get("ACTORS", {}), f"{reader.where}['ACTORS']", reader.found
    )
    return {str(actor): rules.words(actor) for actor in rules.raw}


def _downstream(
    name: str, reader: _Reader, realms: Mapping[str, Realm], *, debug: bool
) -> Downstream:
    reader.only(DOWNSTREAM)
    return Downstream(
        name=name,
        base_url=reader.url("BASE_URL", "E008", debug=debug).rstrip("/") + "/",
        audience=reader.text("AUDIENCE", name),
        scopes=reader.words("SCOPES"),
        realm=reader.one_of("REALM", "default", {"default", *realms}, "E010"),
        strategy=reader.one_of("STRATEGY", "exchange", get_args(Strategy), "E009"),
        timeout=_timeout(reader),
        ca_bundle=reader.text("CA_BUNDLE"),
        accept_bare_401=reader.raw.get("ACCEPT_BARE_401") is True,
    )


def _timeout(reader: _Reader) -> tuple[float, float]:
    value = reader.raw.get("TIMEOUT", (3.05, 10.0))
    pair = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    numbers = all(type(n) in {int, float} and 0 < n <= 600 for n in pair)  # noqa: PLR2004
    if len(pair) == 2 and numbers:  # noqa: PLR2004
        return float(pair[0]), float(pair[1])
    hint = "Give seconds, or (seconds to connect, seconds to read)."
    reader.wrong("E011", "is no time in seconds", hint, "TIMEOUT")
    return (3.05, 10.0)
