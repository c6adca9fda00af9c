"""python-keycloak's connection, kept to where it was told to go.

By itself it would take proxies and certificates of the environment, follow redirects
with the administrator's token, and send a change twice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests
from django.views.decorators.debug import sensitive_variables
from keycloak import KeycloakOpenID, KeycloakOpenIDConnection
from keycloak.connection import ConnectionManager
from keycloak.exceptions import KeycloakConnectionError, KeycloakError

from kc_exchange.provision.failure import ProvisionFailed

if TYPE_CHECKING:
    from kc_exchange.provision.access import Access

_SECONDS = 30


class _Plain(ConnectionManager):  # type: ignore[misc]
    """The connection that the administrator's login goes through."""

    def __init__(self, access: Access) -> None:
        super().__init__(f"{access.url}/", timeout=_SECONDS, max_retries=0)
        _keep_to(self, self._s, access)


class Direct(KeycloakOpenIDConnection):  # type: ignore[misc]
    """A connection of an administrator, whose token it renews."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._login: Any = None
        super().__init__(
            server_url=f"{access.url}/",
            username=access.username or None,
            password=access.password or None,
            client_id=access.client_id,
            client_secret_key=access.client_secret or None,
            realm_name=access.realm,
            timeout=_SECONDS,
            max_retries=0,
        )
        _keep_to(self, self._s, access)

    @property
    def keycloak_openid(self) -> Any:
        """Return what logs in; python-keycloak asks for it."""
        if self._login is None:
            self._login = KeycloakOpenID(
                server_url=self.server_url,
                realm_name=self._access.realm,
                client_id=self.client_id,
                client_secret_key=self.client_secret_key,
            )
            self._login.connection = _Plain(self._access)
        return self._login

    @sensitive_variables()
    def asked(
        self, method: str, where: str, body: Any, query: dict[str, str]
    ) -> requests.Response:
        """Send one call, and return the reply whatever its status.

        Raises:
            ProvisionFailed: the login is refused, or no reply came.
        """
        data = None if body is None else json.dumps(body)
        try:
            return self._sent(method, where, data, query)
        except KeycloakConnectionError as error:
            failure = _no_reply(error.__cause__, self._access)
        except KeycloakError as error:
            failure = _no_login(error.response_code, self._access)
        except (TypeError, ValueError, LookupError, AttributeError):
            # It takes any answer of 200 for a token, and repeats what it got instead.
            failure = _no_token(self._access)
        # Not "from error": the frames behind it hold the password.
        raise failure

    def _sent(
        self, method: str, where: str, data: str | None, query: dict[str, str]
    ) -> requests.Response:
        reply: requests.Response
        match method:
            case "GET":
                reply = self.raw_get(where, **query)
            case "POST":
                reply = self.raw_post(where, data=data)
            case "PUT":
                reply = self.raw_put(where, data=data)
            case _:
                reply = self.raw_delete(where)
        return reply


def _keep_to(manager: Any, session: requests.Session, access: Access) -> None:
    # Set afterwards: for its own httpx client a path is a deprecated value.
    manager.verify = access.ca_bundle or True
    session.trust_env = False
    session.max_redirects = 0


def _no_reply(error: BaseException | None, access: Access) -> ProvisionFailed:
    match error:
        case requests.exceptions.SSLError():
            return ProvisionFailed(
                f"The certificate of {access.url} is not trusted.",
                "Name the authority that signed it in CA_BUNDLE of the realm.",
            )
        case requests.TooManyRedirects():
            return ProvisionFailed(
                f"{access.url} redirects to another address.",
                "Give Keycloak's own address, with --server.",
            )
        case requests.RequestException():
            return ProvisionFailed(
                f"No Keycloak answers at {access.url}.",
                "Start it, or give its address with --server.",
            )
        case _:
            return ProvisionFailed(
                f"CA_BUNDLE {access.ca_bundle!r} cannot be read.",
                "Name a PEM file that this user may read.",
            )


def _no_token(access: Access) -> ProvisionFailed:
    return ProvisionFailed(
        f"What answers the login at {access.url} is not Keycloak.",
        "Give Keycloak's own address, what stands before /realms/, with --server.",
    )


def _no_login(status: int | None, access: Access) -> ProvisionFailed:
    who = access.who
    if status == requests.codes.not_found:
        return ProvisionFailed(
            f"{access.url} has no realm {access.realm!r} to log in at.",
            "Name the administrator's realm with --admin-realm, and the address of "
            "Keycloak, what stands before /realms/, with --server.",
        )
    if status in (requests.codes.bad_request, requests.codes.unauthorized):
        return ProvisionFailed(
            f"Keycloak does not let {who} in at realm {access.realm!r}.",
            f"Check {access.variables}, and --admin-realm.",
        )
    return ProvisionFailed(
        f"Keycloak answers the login of {who} with {status}.",
        "Read its log; then try again.",
    )
