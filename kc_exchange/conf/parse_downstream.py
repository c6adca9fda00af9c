"""Read one of the `DOWNSTREAMS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from kc_exchange.conf.reader import is_text
from kc_exchange.conf.values import Chosen, Downstream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from kc_exchange.conf.reader import Reader
    from kc_exchange.conf.values import Provider, Realm

DOWNSTREAM = {
    "BASE_URL", "AUDIENCE", "SCOPES", "REALM", "STRATEGY", "TIMEOUT",
    "CA_BUNDLE", "ACCEPT_BARE_401", "ALLOW_PLAIN_HTTP", "SUBJECT_ISSUER",
    "REQUESTED_ISSUER", "ASSERTION_SCOPES", "ACTOR", "DPOP", "CERTIFICATE",
    "CERTIFICATE_KEY",
}  # fmt: skip
_ELSEWHERE = ("cross-realm", "jwt-grant")
"""Strategies whose tokens another realm than the user's issues."""
_NOT_OURS = ("forward", "linked")
"""Strategies whose tokens were issued to somebody else."""


def downstream(
    name: str,
    reader: Reader,
    realms: Mapping[str, Realm],
    providers: Mapping[str, Provider],
    *,
    debug: bool,
) -> Downstream:
    """Return one downstream; note its mistakes."""
    reader.only(DOWNSTREAM)
    strategy: Chosen = reader.one_of("STRATEGY", "exchange", get_args(Chosen), "E009")
    return Downstream(
        name=name,
        base_url=reader.url("BASE_URL", "E008", debug=debug).rstrip("/") + "/",
        audience=_audience(reader, name),
        scopes=reader.words("SCOPES"),
        realm=_realm(reader, strategy, realms, providers),
        strategy=strategy,
        timeout=_timeout(reader),
        ca_bundle=reader.text("CA_BUNDLE"),
        certificate=_certificate(reader),
        certificate_key=reader.text("CERTIFICATE_KEY"),
        dpop=_dpop(reader, strategy),
        accept_bare_401=reader.flag("ACCEPT_BARE_401"),
        subject_issuers=_subject_issuers(reader, strategy, realms, providers),
        requested_issuer=_requested_issuer(reader, strategy),
        assertion_scopes=reader.words("ASSERTION_SCOPES"),
        actor=_actor(reader, strategy),
    )


def _audience(reader: Reader, name: str) -> str:
    audience = reader.text("AUDIENCE", name)
    if not audience.strip():
        hint = "Name its client at Keycloak; or leave it out, if that is the name here."
        reader.wrong("E011", "is empty", hint, "AUDIENCE")
    return audience


def _realm(
    reader: Reader,
    strategy: Chosen,
    realms: Mapping[str, Realm],
    providers: Mapping[str, Provider],
) -> str:
    chosen: str = reader.one_of("REALM", "", {"", "default", *realms}, "E010")
    if strategy == "service-account":
        return chosen or "default"
    if strategy in _ELSEWHERE and not chosen:
        hint = "Name the one of REALMS whose Keycloak issues this downstream's tokens."
        reader.wrong("E028", "is missing", hint, "REALM")
    if strategy != "external":
        return chosen
    provider = providers.get(str(reader.raw.get("SUBJECT_ISSUER", "")))
    known = provider.realm if provider else chosen
    if chosen not in ("", known):
        hint = f"Leave it out, or name {known!r} as the provider does in PROVIDERS."
        reader.wrong("E028", "is not the realm of its provider", hint, "REALM")
    return known


def _subject_issuers(
    reader: Reader,
    strategy: Chosen,
    realms: Mapping[str, Realm],
    providers: Mapping[str, Provider],
) -> dict[str, str]:
    value = reader.raw.get("SUBJECT_ISSUER", {})
    own = "" if strategy == "external" else "default"
    named = {own: value} if isinstance(value, str) else value
    if not isinstance(named, dict) or not all(map(_is_alias, named.values())):
        hint = "Give an alias, or {'realm': 'alias', ...} for the users' realms."
        reader.wrong("E026", "is no alias of an identity provider", hint)
        return {}
    unknown = sorted(set(map(str, named)) - {own, *realms})
    if unknown:
        hint = f"Its keys are users' realms: {sorted(realms)}."
        reader.wrong("E026", f"names no realm: {unknown}", hint, "SUBJECT_ISSUER")
    if strategy == "external" and named.get("") not in providers:
        hint = f"Name one of PROVIDERS: {sorted(providers)}."
        reader.wrong("E026", "is none of PROVIDERS", hint, "SUBJECT_ISSUER")
    return {str(realm): alias for realm, alias in named.items()}


def _is_alias(value: object) -> bool:
    return is_text(value) and bool(str(value).strip())


def _requested_issuer(reader: Reader, strategy: Chosen) -> str:
    needed = "E027" if strategy == "linked" else ""
    return reader.text("REQUESTED_ISSUER", number=needed)


def _actor(reader: Reader, strategy: Chosen) -> Literal["", "service-account"]:
    choices = ("", "service-account")
    actor: Literal["", "service-account"] = reader.one_of("ACTOR", "", choices, "E030")
    if actor and strategy != "exchange":
        hint = "Only the standard exchange takes an actor: STRATEGY 'exchange'."
        reader.wrong("E030", f"does not go with STRATEGY {strategy!r}", hint, "ACTOR")
    return actor


def _dpop(reader: Reader, strategy: Chosen) -> bool:
    wanted = reader.flag("DPOP")
    if wanted and strategy in _NOT_OURS:
        hint = "Leave it out: only whoever asks for a token can bind it to a key."
        reader.wrong("E035", f"does not go with STRATEGY {strategy!r}", hint, "DPOP")
    return wanted


def _certificate(reader: Reader) -> str:
    certificate = reader.text("CERTIFICATE")
    if "CERTIFICATE_KEY" in reader.raw and not certificate:
        hint = "Name the file of the certificate, too; or leave both out."
        reader.wrong("E036", "has no CERTIFICATE", hint, "CERTIFICATE_KEY")
    if certificate and str(reader.raw.get("BASE_URL")).startswith("http:"):
        hint = "Write an https BASE_URL: certificates are shown in TLS alone."
        reader.wrong("E036", "goes with plain http", hint, "CERTIFICATE")
    return certificate


def _timeout(reader: Reader) -> tuple[float, float]:
    value = reader.raw.get("TIMEOUT", (3.05, 10.0))
    pair = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    numbers = all(type(n) in {int, float} and 0 < n <= 600 for n in pair)  # noqa: PLR2004
    if len(pair) == 2 and numbers:  # noqa: PLR2004
        return float(pair[0]), float(pair[1])
    hint = "Give seconds, or (seconds to connect, seconds to read)."
    reader.wrong("E011", "is no time in seconds", hint, "TIMEOUT")
    return (3.05, 10.0)
