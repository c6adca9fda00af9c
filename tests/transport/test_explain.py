"""What an error of the network says of the request."""

from __future__ import annotations

import errno
import socket

import pytest
from urllib3.connection import HTTPConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError, ProtocolError

from kc_exchange.conf import Realm
from kc_exchange.transport.explain import NoReply, explained

REALM = Realm(alias="default", issuer="https://id.example/realms/a", client_id="app")
THERE = HTTPConnection("id.example")


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (NewConnectionError(THERE, "refused"), False),
        (NameResolutionError("id.example", THERE, socket.gaierror()), False),
        (ProtocolError("lost", ConnectionResetError()), True),
        (ProtocolError("lost", OSError(errno.EHOSTUNREACH, "no route")), True),
        (OSError(errno.ENETDOWN, "down"), True),
    ],
)
def test_request__may_have_been_sent(error: Exception, sent: bool) -> None:
    """Unless no connection was made: what is good for once only is not sent twice."""
    found = explained(error, REALM, "https://id.example/token")

    assert isinstance(found, NoReply)
    assert found.sent is sent
    assert found.code == "exchange_unavailable"
