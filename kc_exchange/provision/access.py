"""Where Keycloak is, and who its administrator is: from settings and environment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from kc_exchange.conf.reader import LOOPBACK
from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.provision.secrecy import public
from kc_exchange.requirements import server_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kc_exchange.conf import Realm

USERNAME, PASSWORD = "KEYCLOAK_ADMIN_USERNAME", "KEYCLOAK_ADMIN_PASSWORD"
CLIENT_ID = "KEYCLOAK_ADMIN_CLIENT_ID"
CLIENT_SECRET = "KEYCLOAK_ADMIN_CLIENT_SECRET"  # noqa: S105 - the variable's name
_MORE = re.compile(r"[@?#\s]")
"""What a user, a query or a fragment of a URL is known by, even an empty one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How an administrator gets into one Keycloak."""

    url: str
    realm: str = "master"
    username: str = ""
    password: str = field(default="", repr=False)
    client_id: str = "admin-cli"
    client_secret: str = field(default="", repr=False)
    ca_bundle: str = ""

    @property
    def who(self) -> str:
        """Say whose credentials these are."""
        return repr(self.username) if self.username else f"client {self.client_id!r}"

    @property
    def variables(self) -> str:
        """Name the environment variables that they came from."""
        pair = (USERNAME, PASSWORD) if self.username else (CLIENT_ID, CLIENT_SECRET)
        return " and ".join(pair)


def access(
    realms: Iterable[Realm],
    environment: Mapping[str, str],
    *,
    server: str = "",
    admin_realm: str = "master",
) -> Access:
    """Return how to get into the Keycloak of these realms.

    Raises:
        ProvisionFailed: the environment holds no credentials, or the realms are on
            several servers.
    """
    known = list(realms)
    url = _checked(server.rstrip("/"), known) if server else _server_of(known)
    bundles = [realm.ca_bundle for realm in known if realm.ca_bundle]
    return Access(
        url=url,
        realm=admin_realm,
        ca_bundle=bundles[0] if bundles else "",
        **_credentials(environment),
    )


def name_of(realm: Realm) -> str:
    """Return the name of the realm at Keycloak, the last part of its issuer."""
    before, _, name = realm.issuer.rstrip("/").rpartition("/realms/")
    return unquote(name) if before else ""


def _checked(server: str, realms: list[Realm]) -> str:
    """Return the address; the password goes there, so it is no weaker than ISSUER."""
    parts = _bare(server)
    plain = {urlsplit(server_of(realm)).scheme for realm in realms} == {"http"}
    if parts and (parts.scheme == "https" or plain or parts.hostname in LOOPBACK):
        return server
    raise ProvisionFailed(
        f"{public(server)!r} is no address that a password may be sent to.",
        "Begin --server with https://; with http:// only on this machine, or where "
        "ISSUER does, too. Write no user, query or fragment: credentials are "
        "environment variables.",
    )


def _bare(url: str) -> SplitResult | None:
    """Return the parts of a URL that has a host and a path alone, else None."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    is_http = parts.scheme in ("https", "http") and bool(parts.hostname)
    return parts if is_http and not _MORE.search(url) else None


def _server_of(realms: list[Realm]) -> str:
    servers = sorted({server_of(realm) for realm in realms})
    if len(servers) > 1:
        raise ProvisionFailed(
            f"The realms are on several servers: {', '.join(servers)}.",
            "Run it once for each, with --realm ALIAS and that server's credentials.",
        )
    return servers[0]


def _credentials(environment: Mapping[str, str]) -> dict[str, str]:
    username, password = environment.get(USERNAME, ""), environment.get(PASSWORD, "")
    if username and password:
        return {"username": username, "password": password}
    client_id = environment.get(CLIENT_ID, "")
    client_secret = environment.get(CLIENT_SECRET, "")
    if client_id and client_secret:
        return {"client_id": client_id, "client_secret": client_secret}
    raise ProvisionFailed(
        "No credentials of an administrator are in the environment.",
        f"Set {USERNAME} and {PASSWORD}, or {CLIENT_ID} and {CLIENT_SECRET}.",
    )
