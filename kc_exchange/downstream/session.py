"""A `requests.Session` that is safe by construction."""

from __future__ import annotations

import copy
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, NoReturn

import requests
from requests.utils import rewind_body

from kc_exchange import dpop
from kc_exchange.downstream import signing
from kc_exchange.downstream.adapters import SharedAdapter, adapter_of
from kc_exchange.downstream.challenge import Challenge
from kc_exchange.downstream.frames import without_frames
from kc_exchange.downstream.origin import origin_of
from kc_exchange.exceptions import ReservedHeader, WrongDownstream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from requests import PreparedRequest, Request, Response
    from requests.adapters import BaseAdapter

    from kc_exchange.conf import Downstream
    from kc_exchange.sources import TokenSource
    from kc_exchange.tokens import AccessToken

_MAX_REDIRECTS = 5
_REFUSED = frozenset({401, 403})
_ROUTING = frozenset({"host", "proxy-authorization"})
_RESERVED = _ROUTING | {"authorization"}
_OF_PROOFS = frozenset({"dpop"})
_NO_COOKIES = DefaultCookiePolicy(allowed_domains=[])


class DownstreamSession(requests.Session):
    """A session for one user and one downstream; made by `downstream_session`.

    Every request is bound to the downstream's origin and signed when it is sent. There
    is no `.netrc`, no proxy of the environment, no cookie kept, no redirect to another
    origin, and always a timeout. After a 401 that says `invalid_token` the token is
    dropped, a new one obtained, and the request sent once more if its body can be. A
    token that is bound to a key goes with a proof of it, made for each request anew.
    """

    def __init__(self, downstream: Downstream, source: TokenSource) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = _MAX_REDIRECTS
        self.verify = downstream.ca_bundle or True
        self.cookies.set_policy(_NO_COOKIES)
        self.adapters.clear()
        adapter = adapter_of(downstream)
        self.adapters["https://"] = adapter
        self.adapters["http://"] = adapter
        self._downstream = downstream
        self._source = source
        self._reserved = _RESERVED | (_OF_PROOFS if downstream.dpop else frozenset())
        self._origin = origin_of(downstream.name, downstream.base_url)

    def __repr__(self) -> str:
        return f"<DownstreamSession {self._downstream.name!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A DownstreamSession is bound to a request and is not pickled. "
            "Fix: call downstream_session() where it is used."
        )

    def prepare_request(self, request: Request) -> PreparedRequest:
        """Prepare a request with its URL below BASE_URL, and unsigned.

        Raises:
            ReservedHeader: it brings `auth`, or a header that the session sets.
            WrongDownstream: its URL belongs to somebody else.
        """
        if request.auth is not None or self.auth is not None:
            raise ReservedHeader(audience=self._downstream.name)
        self._refuse(self._reserved, request.headers or ())
        self._refuse(self._reserved, self.headers)
        below = copy.copy(request)
        below.url = self._origin.absolute(_text(request.url))
        prepared = super().prepare_request(below)
        self._origin.check(prepared.url or "")
        return prepared

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Sign a prepared request and send it.

        Raises:
            ExchangeError: no token could be obtained, or it does not suffice.
            WrongDownstream: its URL belongs to somebody else.
            requests.RequestException: as of `requests.Session.send`.
        """
        self._origin.check(request.url or "")
        self._refuse(_ROUTING, request.headers)
        self._bounded(kwargs)
        token = self._source.token()
        response = self._signed(request, token, kwargs)
        if response.status_code in _REFUSED and not response.history:
            return self._refused(response, request, token, kwargs)
        return response

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Take the session's settings as they are, where a call brings none.

        There is no environment to merge, and to find that out takes `requests` longer
        than all the checks here.
        """
        if proxies or (stream, verify, cert) != (None, None, None):
            return super().merge_environment_settings(
                url, proxies, stream, verify, cert
            )
        return {
            "proxies": dict(self.proxies),
            "stream": self.stream,
            "verify": self.verify,
            "cert": self.cert,
        }

    def get_adapter(self, url: str) -> BaseAdapter:
        """Take the adapter of this process, which may be a fork of the session's."""
        adapter = super().get_adapter(url)
        is_ours = isinstance(adapter, SharedAdapter)
        return adapter_of(self._downstream) if is_ours else adapter

    def rebuild_auth(
        self,
        prepared_request: PreparedRequest,
        response: Response,  # noqa: ARG002 - the name that requests gives it
    ) -> None:
        """Leave a redirected request unsigned: `send` checks it first, then signs.

        A cookie that came with the redirect is dropped, too.
        """
        signing.unsign(prepared_request.headers)
        prepared_request.headers.pop("Cookie", None)
        # As it will be sent: a proof names that, and `requests` leaves it to urllib3.
        prepared_request.prepare_url(prepared_request.url, None)

    def _signed(
        self, request: PreparedRequest, token: AccessToken, kwargs: dict[str, Any]
    ) -> Response:
        """Send with a fresh proof, if any; once more with the nonce that is wanted."""
        response = self._sent(request, token, kwargs)
        if not token.thumbprint or response.history:
            return response
        if self._wants_nonce(request, response) and _rewound(request):
            response.close()
            response = self._sent(request, token, kwargs)
            self._wants_nonce(request, response)
        return response

    def _wants_nonce(self, request: PreparedRequest, response: Response) -> bool:
        """Keep the nonce that came, and tell whether it was asked for."""
        nonce = response.headers.get(dpop.NONCE)
        learned = signing.learn(request.url or "", nonce)
        return learned and self._challenge(response).wants_nonce()

    def _sent(
        self, request: PreparedRequest, token: AccessToken, kwargs: dict[str, Any]
    ) -> Response:
        signing.sign(request.headers, request.method or "", request.url or "", token)
        try:
            return super().send(request, **kwargs)
        except requests.RequestException as error:
            failure = error
        # The frames behind it hold the header as bytes, and debug pages show them.
        raise without_frames(failure)

    def _bounded(self, kwargs: dict[str, Any]) -> None:
        kwargs["timeout"] = _whole(kwargs.get("timeout"), self._downstream.timeout)
        kwargs.setdefault("verify", self.verify)
        if not kwargs["verify"]:
            raise WrongDownstream(
                "verify=False would send the token to whoever answers.",
                "Name the authority of the downstream's certificate in CA_BUNDLE.",
                audience=self._downstream.name,
            )

    def _refused(
        self,
        response: Response,
        request: PreparedRequest,
        token: AccessToken,
        kwargs: dict[str, Any],
    ) -> Response:
        challenge = self._challenge(response)
        if challenge.rejects_token(bare=self._downstream.accept_bare_401):
            self._source.discard(token)
            if _rewound(request):
                response.close()
                response = self._signed(request, self._source.token(), kwargs)
                challenge = self._challenge(response)
        error = challenge.error(self._downstream.name)
        if error is not None:
            response.close()
            raise error
        return response

    def _challenge(self, response: Response) -> Challenge:
        header = response.headers.get("WWW-Authenticate", "")
        return Challenge(response.status_code, header)

    def _refuse(self, reserved: frozenset[str], headers: Iterable[Any]) -> None:
        if not reserved.isdisjoint([_text(name).lower() for name in headers]):
            raise ReservedHeader(audience=self._downstream.name)


def _whole(timeout: Any, default: tuple[float, float]) -> Any:
    """Return `timeout` with no part of it left open."""
    if timeout is None:
        return default
    if not isinstance(timeout, tuple) or len(timeout) != len(default):
        return timeout
    return tuple(d if t is None else t for t, d in zip(timeout, default, strict=True))


def _text(value: str | bytes | None) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value or "")


def _rewound(request: PreparedRequest) -> bool:
    """Report whether the body can be sent again, having wound it back."""
    body: object = request.body
    if body is None or isinstance(body, (bytes, str)):
        return True
    position = getattr(request, "_body_position", None)
    if not isinstance(position, int):
        return False
    try:
        rewind_body(request)
    except requests.exceptions.UnrewindableBodyError:
        return False
    return True
