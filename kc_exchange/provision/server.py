"""Speak to Keycloak's admin API, through python-keycloak.

python-keycloak logs in and keeps the token fresh. What is asked is told to it as a
path: a plan is a list of calls that can be shown, and its methods know half of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.views.decorators.debug import sensitive_variables

from kc_exchange.exceptions import printable
from kc_exchange.provision.failure import ProvisionFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

    from kc_exchange.provision.access import Access

_FIRST_ERROR, _NOT_FOUND, _NO_FEATURE = 400, 404, 501
_REFUSED = (401, 403)
_SAID = ("errorMessage", "error_description", "error")
"""Where Keycloak's one sentence stands in a refusal."""


class FeatureOff(ProvisionFailed):
    """The server was started without a feature that this call needs."""


class Server:
    """One Keycloak, as its administrator sees it.

    Raises:
        ProvisionFailed: python-keycloak is not installed.
    """

    def __init__(self, access: Access) -> None:
        self.url = access.url
        try:
            from kc_exchange.provision.direct import Direct  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ProvisionFailed(
                f"The package {error.name} is not installed.",
                "pip install 'kc-exchange[provision]'.",
            ) from error
        try:
            self._connection = Direct(access)
        except (ImportError, ValueError) as error:
            # Its httpx client, which nobody uses here, reads them all the same.
            raise ProvisionFailed(
                "python-keycloak cannot take a proxy that the environment names.",
                "Unset ALL_PROXY, HTTPS_PROXY and HTTP_PROXY for this command: it goes "
                "to Keycloak without one.",
            ) from error

    def realm(self, name: str) -> RealmApi:
        """Return the admin API of a realm, there or not."""
        return RealmApi(self, name)

    def info(self) -> dict[str, Any]:
        """Return what the server says of itself."""
        return self.ask("GET", ["admin", "serverinfo"]) or {}

    def create_realm(self, document: dict[str, Any]) -> None:
        """Make a realm; raise `ProvisionFailed`."""
        self.ask("POST", ["admin", "realms"], document)

    @sensitive_variables()
    def ask(
        self,
        method: str,
        path: Sequence[str],
        body: Any = None,
        query: dict[str, str] | None = None,
    ) -> Any:
        """Send one call and return what it answers; None for a GET of nothing.

        Raises:
            FeatureOff: the server was started without what it needs.
            ProvisionFailed: Keycloak refuses, or does not answer.
        """
        where = "/".join(quote(part, safe="") for part in path)
        reply = self._connection.asked(method, where, body, query or {})
        if method == "GET" and reply.status_code == _NOT_FOUND:
            return None
        if reply.status_code >= _FIRST_ERROR:
            raise _refusal(method, "/".join(path[1:]), reply)
        return _json(reply)


class RealmApi:
    """The admin API of one realm."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    def get(self, *path: str, **query: str) -> Any:
        """Return what is there, None if nothing is; raise `ProvisionFailed`."""
        return self.server.ask("GET", self._path(path), query=query)

    def send(self, method: str, path: Sequence[str], body: Any = None) -> Any:
        """Change something, and return the answer; raise `ProvisionFailed`."""
        return self.server.ask(method, self._path(path), body)

    def _path(self, path: Sequence[str]) -> list[str]:
        return ["admin", "realms", self.name, *path]


def _json(reply: requests.Response) -> Any:
    try:
        return reply.json() if reply.content else None
    except ValueError:
        raise ProvisionFailed(
            "What answers is not Keycloak's admin API.",
            "Give Keycloak's own address, what stands before /realms/, with --server.",
        ) from None


def _refusal(method: str, where: str, reply: requests.Response) -> ProvisionFailed:
    what = f"{method} {printable(where)}"
    if reply.status_code in _REFUSED:
        return ProvisionFailed(
            f"This administrator may not do {what} ({reply.status_code}).",
            "Take an account with the roles of realm-management (realm-admin has all); "
            "to make a realm it takes one of realm master.",
        )
    if reply.status_code == _NO_FEATURE:
        return FeatureOff(
            f"The server was started without a feature that {what} needs.",
            "Add it to --features, and start Keycloak anew.",
        )
    said = _said(reply)
    return ProvisionFailed(
        f"Keycloak refuses {what} ({reply.status_code}){f': {said}' if said else ''}.",
        "Compare KC_EXCHANGE and REALM_FILES with what the realm has; Keycloak's log "
        "says more.",
    )


def _said(reply: requests.Response) -> str:
    try:
        body = reply.json()
    except ValueError:
        return ""
    said = (body.get(member) for member in _SAID) if isinstance(body, dict) else ()
    return next((printable(text) for text in said if isinstance(text, str)), "")
