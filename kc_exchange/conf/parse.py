"""Turn the `KC_EXCHANGE` dictionary into values, and its mistakes into problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from kc_exchange.conf.parse_impersonation import audit, impersonation
from kc_exchange.conf.reader import Problem, Reader
from kc_exchange.conf.values import Chosen, ClientAuth, Downstream, Realm, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

TOP = {
    "REALMS", "DOWNSTREAMS", "CAPTURE", "USER_FROM_CLAIMS", "LEEWAY", "CACHE_SIZE",
    "IMPERSONATION", "AUDIT",
}  # fmt: skip
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


def parse(raw: Any, *, debug: bool) -> tuple[Settings | None, list[Problem]]:
    """Return the settings, or None and what is wrong with them."""
    found: list[Problem] = []
    if raw is None:
        hint = "Add KC_EXCHANGE = {'REALMS': {'default': {...}}, 'DOWNSTREAMS': {...}}."
        return None, [Problem("E001", "The setting KC_EXCHANGE is missing.", hint)]
    top = Reader(raw, "KC_EXCHANGE", found)
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
    _credentials(top, realms, downstreams)
    defaults = Settings(realms={}, downstreams={})
    parsed = Settings(
        realms=realms,
        downstreams=downstreams,
        capture=_paths(top, defaults.capture),
        user_from_claims=top.text("USER_FROM_CLAIMS", defaults.user_from_claims),
        leeway=int(top.number("LEEWAY", defaults.leeway, 0, _MAX_LEEWAY)),
        cache_size=int(top.number("CACHE_SIZE", defaults.cache_size, 1, 10**7)),
        impersonation=impersonation(top.part("IMPERSONATION"), realms),
        audit=audit(top.part("AUDIT")),
    )
    return (None if found else parsed), found


def _credentials(
    top: Reader, realms: Mapping[str, Realm], downstreams: Mapping[str, Downstream]
) -> None:
    """A project that only takes tokens asks for none, and needs no credential."""
    asked = {d.realm for d in downstreams.values() if d.strategy != "forward"}
    for realm in (realms[alias] for alias in sorted(asked) if alias in realms):
        key = _CREDENTIAL[realm.client_auth]
        if not str(getattr(realm, key.lower())).strip():
            where = f"KC_EXCHANGE['REALMS'][{realm.alias!r}][{key!r}]"
            top.found.append(Problem("E006", f"{where} is missing.", f"Set {key}."))


def _children(top: Reader, key: str) -> list[tuple[str, Reader]]:
    group = top.part(key)
    return [
        (str(name), Reader(raw, f"{group.where}[{name!r}]", top.found))
        for name, raw in group.raw.items()
    ]


def _paths(top: Reader, default: tuple[str, ...]) -> tuple[str, ...]:
    value = top.raw.get("CAPTURE", default)
    paths = (value,) if isinstance(value, str) else value
    if isinstance(paths, (list, tuple)) and all(isinstance(p, str) for p in paths):
        return tuple(paths)
    top.wrong("E011", "is not a list of dotted paths", "Write ['a.b.c'].", "CAPTURE")
    return default


def _realm(alias: str, reader: Reader, *, debug: bool) -> Realm:
    reader.only(REALM)
    client_id = reader.text("CLIENT_ID", number="E005")
    auth: ClientAuth = reader.one_of(
        "CLIENT_AUTH", "client_secret_basic", get_args(ClientAuth), "E007"
    )
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


def _actors(reader: Reader) -> dict[str, frozenset[str]]:
    rules = reader.part("ACTORS")
    return {str(actor): rules.words(actor) for actor in rules.raw}


def _downstream(
    name: str, reader: Reader, realms: Mapping[str, Realm], *, debug: bool
) -> Downstream:
    reader.only(DOWNSTREAM)
    return Downstream(
        name=name,
        base_url=reader.url("BASE_URL", "E008", debug=debug).rstrip("/") + "/",
        audience=reader.text("AUDIENCE", name),
        scopes=reader.words("SCOPES"),
        realm=reader.one_of("REALM", "default", {"default", *realms}, "E010"),
        strategy=reader.one_of("STRATEGY", "exchange", get_args(Chosen), "E009"),
        timeout=_timeout(reader),
        ca_bundle=reader.text("CA_BUNDLE"),
        accept_bare_401=reader.flag("ACCEPT_BARE_401"),
    )


def _timeout(reader: Reader) -> tuple[float, float]:
    value = reader.raw.get("TIMEOUT", (3.05, 10.0))
    pair = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    numbers = all(type(n) in {int, float} and 0 < n <= 600 for n in pair)  # noqa: PLR2004
    if len(pair) == 2 and numbers:  # noqa: PLR2004
        return float(pair[0]), float(pair[1])
    hint = "Give seconds, or (seconds to connect, seconds to read)."
    reader.wrong("E011", "is no time in seconds", hint, "TIMEOUT")
    return (3.05, 10.0)
