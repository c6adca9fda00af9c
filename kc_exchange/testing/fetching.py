"""Ask other servers over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 5
"""How long a server may take to connect, and to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Hold an answer, the body undecoded."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Decode the body.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body)


def fetch(url: str, *, bearer: str | None = None) -> Fetched:
    """Get a document, with a bearer token (RFC 6750) where one is given.

    Redirects are answers, and proxies of the environment are not asked.

    Raises:
        OSError: the server cannot be reached, or does not answer in time.
    """
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    return _send("GET", url, headers, None)


def post(
    url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Fetched:
    """Post a form.

    Raises:
        OSError: the server cannot be reached, or does not answer in time.
    """
    return _send("POST", url, headers or {}, form)


def _send(
    method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
) -> Fetched:
    with requests.Session() as http:
        http.trust_env = False
        # Neither a lookup of .netrc nor a header of another request may add to it.
        answer = http.request(
            method,
            url,
            data=form,
            headers=dict(headers),
            timeout=SECONDS,
            allow_redirects=False,
        )
        return Fetched(status=answer.status_code, body=answer.content)
