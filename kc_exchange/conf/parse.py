"""Turn the `KC_EXCHANGE` dictionary into values, and its mistakes into problems."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, get_args

from django.http.request import split_domain_port

from kc_exchange.conf.parse_downstream import downstream
from kc_exchange.conf.parse_dpop import proof_keys
from kc_exchange.conf.parse_impersonation import audit, impersonation
from kc_exchange.conf.parse_provider import provider
from kc_exchange.conf.parse_shared import shared_cache
from kc_exchange.conf.reader import Problem, Reader, is_text
from kc_exchange.conf.values import ClientAuth, Realm, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kc_exchange.conf.values import Downstream, Provider

TOP = {
    "REALMS", "DOWNSTREAMS", "CAPTURE", "USER_FROM_CLAIMS", "LEEWAY", "CACHE_SIZE",
    "REFUSED_SECONDS",
    "IMPERSONATION", "AUDIT", "PROVIDERS", "REALM_OF_REQUEST",
    "REALM_FILES", "SHARED_CACHE",
}  # fmt: skip
REALM = {
    "ISSUER", "CLIENT_ID", "CLIENT_SECRET", "CLIENT_SECRET_FILE", "CLIENT_AUTH",
    "PRIVATE_KEY", "KEY_ID",
    "CERTIFICATE", "CERTIFICATE_KEY", "CA_BUNDLE", "DISCOVERY_URL", "DEFAULT_SCOPES",
    "DEADLINE", "AUDIENCES", "AUTHORIZED_PARTIES", "ACTORS", "ALLOW_PLAIN_HTTP",
    "HOSTS", "MAX_IN_FLIGHT", "USERS", "DPOP_KEY",
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
        for alias, reader in sorted(_children(top, "REALMS"), key=_other_than_default)
    }
    if "default" not in realms:
        top.wrong("E003", "has no realm 'default'", "Add REALMS: {'default': {...}}.")
    _hosts(top, realms)
    providers = {
        alias: provider(alias, reader, realms, debug=debug)
        for alias, reader in _children(top, "PROVIDERS")
    }
    downstreams = {
        name: downstream(name, reader, realms, providers, debug=debug)
        for name, reader in _children(top, "DOWNSTREAMS")
    }
    _credentials(top, realms, _asked(realms, downstreams.values(), providers.values()))
    acting = impersonation(top.part("IMPERSONATION"), realms)
    impersonates = acting.realm if "IMPERSONATION" in top.raw else ""
    proof_keys(top, realms, downstreams.values(), impersonates)
    defaults = Settings(realms={}, downstreams={})
    parsed = Settings(
        realms=realms,
        downstreams=downstreams,
        capture=_paths(top, defaults.capture),
        user_from_claims=top.text("USER_FROM_CLAIMS", defaults.user_from_claims),
        leeway=int(top.number("LEEWAY", defaults.leeway, 0, _MAX_LEEWAY)),
        cache_size=int(top.number("CACHE_SIZE", defaults.cache_size, 1, 10**7)),
        refused_seconds=top.number("REFUSED_SECONDS", defaults.refused_seconds, 30, 60),
        impersonation=acting,
        audit=audit(top.part("AUDIT")),
        providers=providers,
        realm_files=_realm_files(top, realms),
        realm_of_request=top.text("REALM_OF_REQUEST", defaults.realm_of_request),
        shared_cache=shared_cache(top),
    )
    return (None if found else parsed), found


def _other_than_default(child: tuple[str, Reader]) -> bool:
    """Of several realms with one issuer, the first is meant: `default` is it."""
    return child[0] != "default"


def _asked(
    realms: Mapping[str, Realm],
    downstreams: Iterable[Downstream],
    providers: Iterable[Provider],
) -> set[str]:
    """Return the realms whose token endpoint is asked, as far as settings tell."""
    users = {alias for alias, realm in realms.items() if realm.users}
    asked = {p.realm for p in providers}
    for one in downstreams:
        if one.strategy != "forward":
            asked |= {one.realm} if one.realm else users
        if one.strategy == "jwt-grant":
            asked |= users
    return asked


def _credentials(top: Reader, realms: Mapping[str, Realm], asked: set[str]) -> None:
    """A project that only takes tokens asks for none, and needs no credential."""
    for realm in (realms[alias] for alias in sorted(asked) if alias in realms):
        key = _CREDENTIAL[realm.client_auth]
        by_secret = key == "CLIENT_SECRET"
        given = realm.has_secret if by_secret else getattr(realm, key.lower()).strip()
        if not given:
            where = f"KC_EXCHANGE['REALMS'][{realm.alias!r}][{key!r}]"
            top.found.append(Problem("E006", f"{where} is missing.", f"Set {key}."))


def _hosts(top: Reader, realms: Mapping[str, Realm]) -> None:
    """A host belongs to one realm, or nobody could tell whose users come there."""
    for realm in realms.values():
        for host in sorted(realm.hosts):
            if split_domain_port(host) != (host, ""):
                hint = "Write host names alone: no port, no scheme, no dot at the end."
                top.wrong("E031", f"has {host!r} for a host", hint, "REALMS")
    times = Counter(host for realm in realms.values() for host in realm.hosts)
    for host in sorted(host for host, count in times.items() if count > 1):
        hint = "Name each host in HOSTS of one realm."
        top.wrong("E031", f"gives the host {host!r} to several realms", hint, "REALMS")


def _children(top: Reader, key: str) -> list[tuple[str, Reader]]:
    group = top.part(key)
    return [
        (str(name), Reader(raw, f"{group.where}[{name!r}]", top.found))
        for name, raw in group.raw.items()
    ]


def _realm_files(
    top: Reader, realms: Mapping[str, Realm]
) -> dict[str, tuple[str, ...]]:
    files = top.part("REALM_FILES")
    files.only(set(realms))
    return {str(alias): files.texts(alias) for alias in files.raw}


def _paths(top: Reader, default: tuple[str, ...]) -> tuple[str, ...]:
    value = top.raw.get("CAPTURE", default)
    paths = (value,) if isinstance(value, str) else value
    if isinstance(paths, (list, tuple)) and all(map(is_text, paths)):
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
    hosts = frozenset(host.lower() for host in reader.words("HOSTS"))
    return Realm(
        alias=alias,
        issuer=reader.url("ISSUER", "E003", debug=debug or has_elsewhere),
        client_id=client_id,
        client_secret=reader.text("CLIENT_SECRET"),
        client_secret_file=_secret_file(reader),
        client_auth=auth,
        private_key=reader.text("PRIVATE_KEY"),
        key_id=reader.text("KEY_ID"),
        certificate=reader.text("CERTIFICATE"),
        certificate_key=reader.text("CERTIFICATE_KEY"),
        ca_bundle=reader.text("CA_BUNDLE"),
        dpop_key=reader.text("DPOP_KEY"),
        discovery_url=(
            reader.url("DISCOVERY_URL", "E003", debug=debug) if has_elsewhere else ""
        ),
        default_scopes=reader.words("DEFAULT_SCOPES", ("openid", "profile", "email")),
        deadline=reader.number("DEADLINE", 3.0, 0.1, 60.0),
        max_in_flight=int(reader.number("MAX_IN_FLIGHT", 32, 1, 10_000)),
        audiences=reader.words("AUDIENCES", (client_id,) if client_id else ()),
        authorized_parties=reader.words("AUTHORIZED_PARTIES"),
        actors=_actors(reader),
        hosts=hosts,
        users=reader.flag("USERS", default=alias == "default" or bool(hosts)),
    )


def _secret_file(reader: Reader) -> str:
    path = reader.text("CLIENT_SECRET_FILE")
    if path and reader.raw.get("CLIENT_SECRET"):
        hint = "Keep one of the two: CLIENT_SECRET_FILE, if the secret is rotated."
        reader.wrong(
            "E032", "is set, and CLIENT_SECRET too", hint, "CLIENT_SECRET_FILE"
        )
    return path


def _actors(reader: Reader) -> dict[str, frozenset[str]]:
    rules = reader.part("ACTORS")
    return {str(actor): rules.words(actor) for actor in rules.raw}
