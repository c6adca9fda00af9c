"""The peers, called as their own documentation calls them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from google.auth.credentials import Credentials
from google.auth.transport.requests import Request as GoogleTransport
from google.oauth2.sts import Client as GoogleExchange
from google.oauth2.utils import ClientAuthentication, ClientAuthType
from keycloak import KeycloakOpenID
from msal import ConfidentialClientApplication
from requests import PreparedRequest

from kc_exchange.exchange.grants import TOKEN_EXCHANGE
from kc_exchange.tokens import ACCESS_TOKEN
from tests.benchmarks.world import AUDIENCE, CLIENT, SCOPE, SECRET

if TYPE_CHECKING:
    from tests.benchmarks.world import World

Sign = Callable[[PreparedRequest], object]
_SKEW = 30


def keycloak(world: World, subject_token: str, lock: Any = None) -> Sign:
    """python-keycloak, and the dict with a time to live that everybody writes."""
    client = KeycloakOpenID(world.url, "bench", CLIENT, SECRET)
    cache: dict[tuple[str, str], tuple[str, float]] = {}

    def token() -> str:
        known = cache.get((subject_token, AUDIENCE))
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        reply = client.exchange_token(
            subject_token,
            AUDIENCE,
            subject_token_type=ACCESS_TOKEN,
            requested_token_type=ACCESS_TOKEN,
            scope=SCOPE,
        )
        until = time.monotonic() + reply["expires_in"] - _SKEW
        cache[subject_token, AUDIENCE] = (reply["access_token"], until)
        return str(reply["access_token"])

    def sign(request: PreparedRequest) -> None:
        if lock is None:
            request.headers["Authorization"] = f"Bearer {token()}"
            return
        with lock:
            value = token()
        request.headers["Authorization"] = f"Bearer {value}"

    return sign


def keycloak_locked(world: World, subject_token: str) -> Sign:
    """The same under one lock, which all users and downstreams wait for."""
    return keycloak(world, subject_token, Lock())


def keycloak_checked(world: World, subject_token: str) -> Sign:
    """The same with an origin check, on a session that was told not to read netrc."""
    return _checked(world, keycloak(world, subject_token))


def authlib(world: World, subject_token: str) -> Sign:
    """One `OAuth2Session` for this user and audience; it has no cache of its own."""
    session = OAuth2Session(CLIENT, SECRET)

    def sign(request: PreparedRequest) -> object:
        if not session.token:
            session.fetch_token(
                world.token_endpoint,
                grant_type=TOKEN_EXCHANGE,
                subject_token=subject_token,
                subject_token_type=ACCESS_TOKEN,
                requested_token_type=ACCESS_TOKEN,
                audience=AUDIENCE,
                scope=SCOPE,
            )
        return session.token_auth(request)

    return sign


def authlib_checked(world: World, subject_token: str) -> Sign:
    """Sessions kept by the user's token, and the checks that are missing."""
    sessions = {(subject_token, AUDIENCE): authlib(world, subject_token)}

    def sign(request: PreparedRequest) -> object:
        return sessions[subject_token, AUDIENCE](request)

    return _checked(world, sign)


class _Exchanged(Credentials):  # type: ignore[misc]
    """google-auth's way to bring its own kind of credentials."""

    def __init__(self, world: World, subject_token: str) -> None:
        super().__init__()
        self._subject_token = subject_token
        self._client = GoogleExchange(
            world.token_endpoint,
            ClientAuthentication(ClientAuthType.basic, CLIENT, SECRET),
        )

    def refresh(self, request: Any) -> None:
        reply = self._client.exchange_token(
            request,
            TOKEN_EXCHANGE,
            self._subject_token,
            ACCESS_TOKEN,
            audience=AUDIENCE,
            scopes=[SCOPE],
            requested_token_type=ACCESS_TOKEN,
        )
        self.token = reply["access_token"]
        lifetime = timedelta(seconds=reply["expires_in"])
        self.expiry = datetime.now(UTC).replace(tzinfo=None) + lifetime


def google(world: World, subject_token: str) -> Sign:
    """Credentials for this user and audience, as `AuthorizedSession` applies them."""
    credentials = _Exchanged(world, subject_token)
    transport = GoogleTransport()

    def sign(request: PreparedRequest) -> None:
        credentials.before_request(
            transport, request.method, request.url, request.headers
        )

    return sign


class _MsalHttp:
    """MSAL talks https to a known place only: bring its requests to the stub."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._session = requests.Session()

    def get(self, url: str, **_kwargs: Any) -> requests.Response:
        reply = requests.Response()
        reply.status_code = 200
        issuer = url.partition("/.well-known")[0]
        names = ("token", "authorization")
        endpoints = {f"{name}_endpoint": f"{issuer}/{name}" for name in names}
        reply._content = json.dumps({"issuer": issuer, **endpoints}).encode()
        return reply

    def post(self, _url: str, **kwargs: Any) -> requests.Response:
        return self._session.post(self._world.assertion_endpoint, **kwargs)

    def close(self) -> None:
        self._session.close()


def msal(world: World, subject_token: str) -> Sign:
    """The on-behalf-of flow with one cache for each user, as MSAL asks for.

    It is RFC 7523 in Microsoft's dialect, not RFC 8693: Keycloak does not speak it.
    """
    app = _msal_app(world)

    def sign(request: PreparedRequest) -> None:
        accounts = app.get_accounts()
        found = accounts and app.acquire_token_silent([SCOPE], account=accounts[0])
        reply = found or app.acquire_token_on_behalf_of(subject_token, [SCOPE])
        request.headers["Authorization"] = f"Bearer {reply['access_token']}"

    return sign


def msal_in_hand(world: World, subject_token: str) -> Sign:
    """The same for a caller that knows the account."""
    app = _msal_app(world)
    app.acquire_token_on_behalf_of(subject_token, [SCOPE])
    account = app.get_accounts()[0]

    def sign(request: PreparedRequest) -> None:
        reply = app.acquire_token_silent([SCOPE], account=account)
        request.headers["Authorization"] = f"Bearer {reply['access_token']}"

    return sign


def _msal_app(world: World) -> Any:
    return ConfidentialClientApplication(
        CLIENT,
        client_credential=SECRET,
        oidc_authority="https://id.example.com/realms/msal",
        http_client=_MsalHttp(world),
    )


def _checked(world: World, sign: Sign) -> Sign:
    """What a careful project adds: scheme, host, port, path, and nothing above it."""
    home = urlsplit(world.base_url)
    place = (home.scheme, home.hostname, home.port)

    def checked(request: PreparedRequest) -> object:
        url = urlsplit(str(request.url))
        same = (url.scheme, url.hostname, url.port) == place
        if not same or url.username is not None or not url.path.startswith(home.path):
            raise ValueError("another origin")
        if ".." in url.path or "%" in url.path:
            raise ValueError("above the downstream")
        return sign(request)

    return checked
