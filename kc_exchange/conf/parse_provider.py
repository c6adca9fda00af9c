"""Read one of the `PROVIDERS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from kc_exchange.conf.values import ExternalType, Kind, Provider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf.reader import Reader
    from kc_exchange.conf.values import Realm

PROVIDER = {
    "KIND", "ISSUER", "AUDIENCES", "REALM", "TOKEN_TYPE", "CLIENT_ID",
    "CLIENT_SECRET", "ALLOW_PLAIN_HTTP",
}  # fmt: skip
_ISSUERS = {"google": "https://accounts.google.com"}
_USER_INFO_ALONE = ("google", "github")
"""Kinds whose tokens Keycloak checks by user info: access tokens, no others."""


def provider(
    alias: str, reader: Reader, realms: Mapping[str, Realm], *, debug: bool
) -> Provider:
    """Return one identity provider; note its mistakes."""
    reader.only(PROVIDER)
    kind: Kind = reader.one_of("KIND", "oidc", get_args(Kind), "E029")
    usual = "access_token" if kind in _USER_INFO_ALONE else "id_token"
    token_type: ExternalType = reader.one_of(
        "TOKEN_TYPE", usual, get_args(ExternalType), "E029"
    )
    if kind in _USER_INFO_ALONE and token_type != "access_token":  # noqa: S105
        hint = f"Leave it out: of kind {kind!r} Keycloak takes access tokens alone."
        reader.wrong("E029", f"is {token_type!r}", hint, "TOKEN_TYPE")
    return Provider(
        alias=alias,
        audiences=_audiences(reader),
        realm=reader.one_of("REALM", "default", {"default", *realms}, "E010"),
        kind=kind,
        issuer=_issuer(reader, kind, debug=debug),
        token_type=token_type,
        client_id=reader.text("CLIENT_ID"),
        client_secret=reader.text("CLIENT_SECRET"),
    )


def _audiences(reader: Reader) -> frozenset[str]:
    found = reader.words("AUDIENCES")
    if not found:
        hint = (
            "List the provider's clients whose users may come here: Keycloak itself "
            "takes a token that any client of the provider was given. ['*'] says "
            "that any may, and is all that opaque tokens allow."
        )
        reader.wrong("E029", "is missing", hint, "AUDIENCES")
    return found


def _issuer(reader: Reader, kind: Kind, *, debug: bool) -> str:
    if "ISSUER" not in reader.raw and kind in _ISSUERS:
        return _ISSUERS[kind]
    if "ISSUER" not in reader.raw and kind == "github":
        return ""
    return reader.url("ISSUER", "E029", debug=debug)
