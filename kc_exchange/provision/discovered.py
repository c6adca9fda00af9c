"""Find out where an identity provider is asked (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange import transport
from kc_exchange.conf import Realm
from kc_exchange.exceptions import ExchangeError, printable
from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.strict_json import loads_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Provider

MEMBERS = {
    "authorizationUrl": "authorization_endpoint",
    "tokenUrl": "token_endpoint",
    "userInfoUrl": "userinfo_endpoint",
    "jwksUrl": "jwks_uri",
}
"""Members of a provider's configuration at Keycloak, and of a discovery document."""
_WELL_KNOWN = "/.well-known/openid-configuration"
_SECONDS, _OK = 10.0, 200


def endpoints_of(provider: Provider, ca_bundle: str = "") -> dict[str, str]:
    """Ask a provider for its endpoints, as Keycloak's configuration names them.

    Raises:
        ProvisionFailed: it does not answer, or says nothing of the kind.
    """
    found = _document(provider, ca_bundle)
    if found.get("issuer") != provider.issuer:
        said = printable(found.get("issuer"))
        raise _failed(provider, f"says that its issuer is {said!r}")
    known = {member: found.get(name) for member, name in MEMBERS.items()}
    return _complete(provider, known)


def _complete(provider: Provider, known: Mapping[str, Any]) -> dict[str, str]:
    urls = {m: v for m, v in known.items() if isinstance(v, str) and "://" in v}
    lacking = [MEMBERS[m] for m in known if m not in urls and m != "userInfoUrl"]
    if lacking:
        raise _failed(provider, f"names no {lacking[0]}")
    return urls


def _document(provider: Provider, ca_bundle: str) -> dict[str, Any]:
    url = provider.issuer.rstrip("/") + _WELL_KNOWN
    asked = Realm(
        alias=provider.alias, issuer=provider.issuer, client_id="", ca_bundle=ca_bundle
    )
    try:
        reply = transport.request(asked, url, transport.Deadline(_SECONDS))
        if reply.status == _OK:
            return loads_object(reply.body)
    except ExchangeError as error:
        raise _failed(provider, "does not answer") from error
    except ValueError as error:
        raise _failed(provider, f"answers with something {error}") from error
    raise _failed(provider, f"answers with {reply.status}")


def _failed(provider: Provider, what: str) -> ProvisionFailed:
    return ProvisionFailed(
        f"The discovery document of provider {provider.alias!r} is not to be had: "
        f"{provider.issuer} {what}.",
        "Check its ISSUER in PROVIDERS, and that this machine reaches it; or write the "
        f"provider's config into a file of REALM_FILES: {', '.join(MEMBERS)}.",
    )
