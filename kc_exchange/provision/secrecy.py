"""Which members of a realm document are secrets, and what may be shown of the others.

A name that sounds like a secret is one: Keycloak takes attributes and provider
configurations of any name. The exceptions are names of Keycloak's own.
"""

from __future__ import annotations

import re
from typing import Any

SHOWN_INSTEAD = "***"
_KEYED_BY_NAME = frozenset({"client", "clientRoles", "clientScopeMappings"})
"""Members whose own members are called like clients: those names say nothing."""
_SECRET = re.compile(
    r"secret|passw(or)?d|passphrase|passcode|pwd|token|credential|apikey|privatekey"
    r"|\bkeys?\b"
)
_PUBLIC = frozenset(
    {
        "accesstokenencryptedresponsealg", "accesstokenencryptedresponseenc",
        "accesstokenlifespan", "accesstokenlifespanforimplicitflow",
        "accesstokensignedresponsealg", "cibabackchanneltokendeliverymode",
        "clientsecretcreationtime", "clientsecretexpirationtime",
        "clientsecretrotatedcreationtime", "clientsecretrotatedexpirationtime",
        "idtokenencryptedresponsealg", "idtokenencryptedresponseenc",
        "idtokensignedresponsealg", "keyalias", "keyid", "keysize", "keyuse",
        "passwordpolicy", "publickey", "publickeysignatureverifier",
        "publickeysignatureverifierkeyid", "refreshtokenmaxreuse",
        "requiredcredentials", "resetcredentialsflow",
        "standardtokenexchangeenablerefreshrequestedtokentype",
        "tokenendpointauthsigningalg", "tokenintrospectionurl", "tokenurl",
    }
)  # fmt: skip
_PUBLIC_BEGINNINGS = ("actiontokengeneratedby", "webauthnpolicy")
_FLAGS = frozenset({"", "true", "false", "none"})
"""Values, as text, that tell a switch and no secret, whatever its name."""
_USER_IN_URL = re.compile(r"(?<=://)[^/?#\s]*@")


def is_secret(member: str, above: str = "") -> bool:
    """Tell whether a member of that name, in the member `above`, holds a secret."""
    if above in _KEYED_BY_NAME:
        return False
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", member)
    plain = re.sub(r"[^a-z0-9]+", " ", words.lower())
    name = plain.replace(" ", "")
    if name in _PUBLIC or name.startswith(_PUBLIC_BEGINNINGS):
        return False
    return bool(_SECRET.search(name) or _SECRET.search(plain))


def is_flag(value: Any) -> bool:
    """Tell whether the value is on, off or nothing: no secret is."""
    return str(value).lower() in _FLAGS


def has_credentials(value: Any) -> bool:
    """Tell whether the value is a URL with a user, and so a password, in it."""
    return isinstance(value, str) and _USER_IN_URL.search(value) is not None


def public(value: Any, above: str = "") -> Any:
    """Return the value for everybody to read; `above` is the member that holds it."""
    match value:
        case dict():
            return {m: _member(m, inner, above) for m, inner in value.items()}
        case list():
            return [public(inner, above) for inner in value]
        case str():
            return _USER_IN_URL.sub(f"{SHOWN_INSTEAD}@", value)
        case _:
            return value


def _member(member: str, value: Any, above: str) -> Any:
    if is_secret(member, above) and not is_flag(value):
        return SHOWN_INSTEAD
    return public(value, member)
